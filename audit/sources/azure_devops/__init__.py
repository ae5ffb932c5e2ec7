"""Azure DevOps: pushes, builds, stages, merges, releases and deployments, as its service hooks send them."""
