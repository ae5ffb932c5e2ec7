"""What goes into every bundle and runs without Tollgate: ``verify.py``."""
