"""The mathematics of the log: canonical bytes, the Merkle tree, chains and their index, signed notes, commitments."""
