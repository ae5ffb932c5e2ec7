"""Benchmarks: each figure is a ratio to a stated limit or to a peer measured in the same run."""
