"""Rules that start retraining, the runs, the comparison with what is in production, and the review when it fails."""
