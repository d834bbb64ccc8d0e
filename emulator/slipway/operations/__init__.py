"""One module per resource type: what each call checks, stores and answers."""
