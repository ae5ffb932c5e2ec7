"""The summer of 2013 over New York: what a model of January to March was estimated to do, and what it did."""
