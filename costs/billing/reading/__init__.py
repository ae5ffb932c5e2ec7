"""From a bill's file to checked, typed rows: what it is, whose columns it has, which rules of FOCUS it keeps."""
