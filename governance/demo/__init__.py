"""The demo organisation: real flights of 2013, replayed week by week through the paths that a user has."""
