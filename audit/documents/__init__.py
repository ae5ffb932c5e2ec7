"""Documents that people attach to a model, a use case or a team: hashed, dated, kept as they came."""
