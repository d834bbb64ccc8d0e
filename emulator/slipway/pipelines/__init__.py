"""A pipeline's definition, interpreted: pure functions of its JSON and of what has happened so far."""
