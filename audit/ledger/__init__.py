"""The append-only log: every change and its entry are one transaction; a sealer orders entries into a signed tree."""
