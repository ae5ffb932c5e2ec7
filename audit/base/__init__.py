"""The kernel that every slice shares: identity, time, money, errors. No models of its own."""
