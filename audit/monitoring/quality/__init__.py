"""Whether data are sound, whether errors changed, what answers rest on, and whether all columns together moved."""
