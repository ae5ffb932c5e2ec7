"""AWS CloudTrail: who called what, from log files whose digests are verified, and from look-ups."""
