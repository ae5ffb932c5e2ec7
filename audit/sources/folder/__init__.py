"""Files that another program puts into a folder: predictions and labels, named after their model."""
