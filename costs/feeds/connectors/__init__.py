"""The kinds of feeds."""
