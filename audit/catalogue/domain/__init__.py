"""Pure rules of the catalogue: what a version lacks, and what two versions differ in."""
