"""GitHub: pushes, workflow runs and jobs, checks, merges, releases and deployments, as webhooks and read back."""
