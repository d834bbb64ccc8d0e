"""Captured calls, line by line: which are of the window that a job is about."""

from datetime import UTC, datetime

from monitor.json_lines import Line, unreadable
from monitor.window import Window

WHAT = "captured call"


def moment_of(line: Line) -> datetime | None:
    """When the call was; None where its line does not say so.

    Raises ContractError for a time that is none.
    """
    metadata = line.document.get("eventMetadata")
    text = metadata.get("inferenceTime") if isinstance(metadata, dict) else None
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        raise unreadable(line.place, WHAT, line.text, f"its inferenceTime {text!r} is no time") from None


def is_inside(line: Line, window: Window) -> bool:
    """Whether the call is one of the window's. Raises ContractError where its line does not say."""
    if not window.is_limited:
        return True
    moment = moment_of(line)
    if moment is None:
        raise unreadable(line.place, WHAT, line.text, "it has no eventMetadata.inferenceTime")
    return moment in window
