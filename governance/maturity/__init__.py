"""Levels of maturity, computed from records: what has no source is unknown, never a pass and never a failure."""
