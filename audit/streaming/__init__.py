"""Sealed entries go on as OCSF events to other systems: in order, each at least once, none left out."""
