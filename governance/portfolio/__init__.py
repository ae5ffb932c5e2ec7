"""The front page: what the models earned, cost and risk, what changed, and what waits for whom."""
