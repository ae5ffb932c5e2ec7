"""What models are asked: references, profiles of days, and how each column of a week moved."""
