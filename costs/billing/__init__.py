"""Bills: raw files and charges by day in the lake, what each says of an account and month, restatements kept."""
