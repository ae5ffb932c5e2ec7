"""Promotion requests: who may decide, by which policy, on what exactly."""
