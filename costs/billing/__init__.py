"""Bills: raw files in the lake, charges by day in the database, restatements kept."""
