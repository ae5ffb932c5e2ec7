"""Prometheus as a source: how what it watches answers."""
