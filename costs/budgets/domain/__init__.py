"""Periods, thresholds and forecasts of budgets: values in, values out."""
