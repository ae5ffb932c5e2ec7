"""What everything else points at: use cases, models, versions, data, pipelines, deployments."""
