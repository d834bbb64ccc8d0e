"""How a container says why it failed."""

import contextlib
from pathlib import Path

# FailureReason and ExitMessage keep 1,024 characters of the file and the first
# kilobyte respectively; the cut is made here so that the text ends on purpose.
REASON_LIMIT_BYTES = 1024
_ELLIPSIS = " …"


class ContractError(Exception):
    """Something that the caller of the job can mend.

    The message names the thing and the way out; it is what a person reads in
    FailureReason, so it stands without a traceback.
    """


def shortened(text: str, limit_bytes: int = REASON_LIMIT_BYTES) -> str:
    """`text` cut to at most `limit_bytes` of UTF-8, never inside a character."""
    # A file name of other bytes reaches a message as lone surrogates, which no
    # UTF-8 has; a job whose message is no UTF-8 is failed for that alone.
    encoded = text.encode("utf-8", errors="replace")
    if len(encoded) <= limit_bytes:
        return encoded.decode("utf-8")
    room = limit_bytes - len(_ELLIPSIS.encode("utf-8"))
    return encoded[:room].decode("utf-8", errors="ignore").rstrip() + _ELLIPSIS


def write_reason(path: Path, text: str) -> None:
    """Leave `text` in the failure or message file at `path`.

    A disk that is full must not hide the reason that is on its way to stderr
    as well, so a file that cannot be written is left out.
    """
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shortened(text), encoding="utf-8")
