"""Pure: an event read, folded into parts of a graph, and the digest of such a graph."""
