"""Alerts: what stands out in a week of a model, why, who looks at it, and how many false ones are allowed."""
