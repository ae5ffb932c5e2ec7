"""Who else vouches for the log: checkpoints at places that we cannot change, and the log held against them."""
