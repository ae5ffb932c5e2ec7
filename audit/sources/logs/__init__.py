"""Prediction logs and labels that lie somewhere as files: each new content is handed to monitoring once."""
