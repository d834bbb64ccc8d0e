"""The only code that knows Docker."""
