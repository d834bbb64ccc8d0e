"""Records and their legal transitions; no I/O."""
