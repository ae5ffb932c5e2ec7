"""What an event says, how a batch is signed, and how a stream does. Pure."""
