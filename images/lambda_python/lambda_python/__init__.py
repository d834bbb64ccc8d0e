"""What the image has beside Lambda's own runtime client: a handler to begin with."""
