"""What carries out a resource's work, from the rows alone."""
