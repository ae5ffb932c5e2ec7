"""The shell and the components of every page; imports nothing of the floors."""
