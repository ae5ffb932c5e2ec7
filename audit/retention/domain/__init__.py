"""Clocks, ranges of numbers, and the traces of a person, as pure values."""
