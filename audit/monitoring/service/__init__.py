"""Service metrics: traffic, errors, latency and saturation of what answers, hour by hour as sources tell it."""
