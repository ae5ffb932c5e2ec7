"""What the columns of a model's files are: guessed from a sample, stated by a person, applied to each file."""
