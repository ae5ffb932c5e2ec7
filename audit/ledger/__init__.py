"""The append-only log: every change and its entry are one transaction; entries are chained by hash."""
