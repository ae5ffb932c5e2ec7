"""Connected systems: each is a record with its settings, and a connector that pulls what is new."""
