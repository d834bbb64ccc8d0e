"""Files of JSON objects, one a line, each known by its place."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A JSON object, and where it stands for whoever has to mend it."""

    document: dict[str, Any]
    place: str
    text: bytes


def json_lines(path: Path, below: Path, what: str) -> Iterator[Line]:
    """The objects of a file, blank lines left out; `what` is what an error calls a line.

    Raises ContractError for a line that is no JSON object, torn ones too.
    """
    name = path.relative_to(below).as_posix() if path != below else path.name
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if text.isspace():
                continue
            place = f"line {number} of {name}"
            try:
                document = json.loads(text)
            except ValueError:
                raise unreadable(place, what, text, "it is torn or no JSON") from None
            if not isinstance(document, dict):
                raise unreadable(place, what, text, "it is no JSON object")
            yield Line(document, place, text)


def unreadable(place: str, what: str, text: bytes, why: str) -> ContractError:
    """The refusal of a line."""
    shown = text.decode("utf-8", errors="replace").rstrip()[:_SHOWN]
    return ContractError(
        f"{place} is no {what}: {why}. It begins {shown!r}. Remove it, or wait until the file is complete."
    )
