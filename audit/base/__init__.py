"""The kernel that every slice shares: identity, time, errors. No models of its own."""
