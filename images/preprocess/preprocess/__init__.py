"""Raw rows to training channels and a fitted encoder."""
