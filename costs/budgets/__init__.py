"""Budgets and quotas: what was spent of each, where it is heading, and what may not start when one is used up."""
