"""What must be kept, what must go, and what is on hold: holds, erasure of persons, and two clocks."""
