"""What predictions came to, once their labels are there: merged by day, and never again from rows."""
