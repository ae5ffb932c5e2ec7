"""GitLab: pushes, pipelines and jobs, merges, releases and deployments, as webhooks and read back."""
