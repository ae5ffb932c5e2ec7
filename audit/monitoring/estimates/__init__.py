"""How a version is likely doing before its labels come, and how often such estimates were right."""
