"""Floor 2: what models cost and what they return. Reads floor 1; knows nothing of decisions."""
