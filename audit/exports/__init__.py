"""Evidence that leaves the house: bundles that prove themselves without it."""
