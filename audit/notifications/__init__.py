"""Tells people: what is new for them, in the app, by e-mail, and in the channels of their teams."""
