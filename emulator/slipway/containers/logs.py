"""A container's log as lines with times."""

from collections.abc import Iterable, Iterator
from datetime import datetime


def lines_of(chunks: Iterable[bytes]) -> Iterator[tuple[float, str]]:
    """Seconds since 1970 and text of each line in a stream of Docker's time-stamped log."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from map(_line, filter(None, whole))
    if rest:
        yield _line(rest)


def _line(raw: bytes) -> tuple[float, str]:
    stamp, _, text = raw.decode("utf-8", errors="replace").partition(" ")
    return moment(stamp), text.rstrip("\r")


def moment(stamp: str) -> float:
    """Docker's time with nanoseconds as seconds since 1970."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00").timestamp()
