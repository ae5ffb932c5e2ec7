"""Background work as rows that people can see: the row is the truth, the broker only wakes workers."""
