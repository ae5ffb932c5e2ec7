"""Whether anything was changed past Tollgate: every audited record against the digest that its last entry left."""
