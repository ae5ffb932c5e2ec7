"""Our figures beside those of evidently, nannyml and fairlearn, run in an environment of their own: `make parity`."""
