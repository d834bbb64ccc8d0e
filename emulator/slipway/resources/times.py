"""Moments as AWS writes them."""

from datetime import UTC, datetime


def milliseconds(seconds: float) -> int:
    """Milliseconds since 1970."""
    return round(seconds * 1000)


def iso(seconds: float) -> str:
    """The moment in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
