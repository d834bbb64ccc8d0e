"""Request bodies to instances and a configuration: JSON, or an instance a line."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from train_deepar.configuration import Configuration
from train_deepar.errors import BadInstanceError, BadRequestError, shown
from train_deepar.media import JSON


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: documents of instances, unread, and what to tell of each."""

    instances: Sequence[object]
    configuration: Configuration


def decode(media_type: str, body: bytes, defaults: Configuration) -> Asked:
    """What the body asks for, where it says nothing by `defaults`. Raises RequestError."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequestError(f"The body is not UTF-8 (byte {error.start}).") from error
    if not text.strip():
        raise BadRequestError("The body is empty; send at least one instance.")
    if media_type != JSON:
        # Not splitlines(): a JSON string may hold characters that it takes for line ends.
        lines = [line for line in text.split("\n") if line.strip()]
        return Asked([_line(line, number) for number, line in enumerate(lines, start=1)], defaults)
    document = _parsed(text, "The body")
    if not isinstance(document, dict) or "instances" not in document:
        raise BadRequestError('The body is not an object with "instances".')
    unknown = [name for name in document if name not in ("instances", "configuration")]
    if unknown:
        raise BadRequestError(
            f"The body has unknown keys: {', '.join(map(shown, unknown[:5]))}; "
            "there are instances and configuration."
        )
    instances = document["instances"]
    if not isinstance(instances, list) or not instances:
        raise BadRequestError("instances is not a list of at least one instance.")
    return Asked(instances, defaults.changed(document.get("configuration", {})))


def _line(text: str, number: int) -> object:
    try:
        return _parsed(text, "the line")
    except BadRequestError as error:
        raise BadInstanceError(number, str(error).rstrip(".")) from error


def _parsed(text: str, what: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_number)
    except _NoNumberError as error:
        raise BadRequestError(f"{error} is not a JSON number; write null for a missing value.") from error
    except ValueError as error:
        raise BadRequestError(f"{what} is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise BadRequestError(f"{what} is nested too deeply to be an instance.") from error


class _NoNumberError(Exception):
    """A word that Python's parser would take for a number, and JSON does not have."""


def _no_number(word: str) -> NoReturn:
    raise _NoNumberError(word)
