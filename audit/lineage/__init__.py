"""What comes from where: events that OpenLineage's clients send, folded into one graph that any order of them gives."""
