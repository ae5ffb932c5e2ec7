"""What outcomes are worth, times the outcomes that were measured, minus what they cost."""
