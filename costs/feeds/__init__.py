"""Feeds: connected places that bills come from by themselves, and what asking them costs."""
