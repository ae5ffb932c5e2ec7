"""Every charge is given to exactly one model, version and stage, or to a residue that says why not."""
