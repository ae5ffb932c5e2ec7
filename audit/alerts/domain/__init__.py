"""What an alert's life is, and which tests of a week raise one."""
