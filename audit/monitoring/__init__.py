"""Prediction logs into the lake, late labels joined by prediction id, and each week's metrics with n and interval."""
