"""Paths through JSON: names after dots, `['names']` and `[0]` in brackets."""

import re
from collections.abc import Iterable, Sequence

Part = str | int

# A name in brackets is quoted as the SDK quotes it, without escapes: it ends at the
# quote that a bracket and then another part, or nothing, follow.
_BRACKETS = r"""\[(?P<index>\d{1,9})\]|\[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\](?=[.\[]|\Z)"""
_NAME = r"(?P<name>[^.\[\]]+)"
_FIRST = re.compile(rf"{_NAME}|{_BRACKETS}", re.DOTALL)
_NEXT = re.compile(rf"\.{_NAME}|{_BRACKETS}", re.DOTALL)


# The member by which an item of a list is called, for every list in what the Describe calls
# of processing jobs, training jobs, models and model packages answer.
NAMING = (
    *("OutputName", "InputName", "ChannelName", "MetricName", "Name", "RuleConfigurationName"),
    *("CollectionName", "InstanceGroupName", "ContainerHostname", "AlgorithmName", "ProfileName"),
)


class PathError(Exception):
    """A path that cannot be read or leads nowhere; the message says where it ends."""


def parse_path(text: str) -> tuple[Part, ...]:
    """The names and the indices of `text`. Raises PathError."""
    parts: list[Part] = []
    position = 0
    while position < len(text) or not parts:
        found = (_NEXT if parts else _FIRST).match(text, position)
        if found is None:
            raise PathError(f"'{text}' is no path such as a.b['c'][0] from its character {position + 1} on")
        parts.append(_part(found))
        position = found.end()
    return tuple(parts)


def _part(found: re.Match[str]) -> Part:
    if found["index"] is not None:
        return int(found["index"])
    quoted = found["quoted"]
    return found["name"] if quoted is None else quoted


def walk(document: object, parts: Sequence[Part], *, by_name: bool = False) -> object:
    """What stands in `document` at the end of the path. Raises PathError.

    `by_name`: a name picks the item of a list that is called so, as in
    `Outputs['train']`, where OutputName is 'train'.
    """
    value = document
    for number, part in enumerate(parts):
        value = _step_into(value, part, by_name, where=written(parts[:number]))
    return value


def _step_into(value: object, part: Part, by_name: bool, where: str) -> object:
    place = f"'{where}'" if where else "the document"
    if isinstance(value, dict) and isinstance(part, str):
        if part not in value:
            raise PathError(f"{place} has no member '{part}'; it has {_listed(value)}")
        return value[part]
    if isinstance(value, list) and isinstance(part, int):
        if part >= len(value):
            raise PathError(f"{place} has {len(value)} items, so none with index {part}")
        return value[part]
    if isinstance(value, list) and by_name and isinstance(part, str):
        return _named(value, part, place)
    raise PathError(f"{place} is {_kind(value)}, which has no {_wanted(part)}")


def _named(items: list[object], name: str, place: str) -> object:
    names = [_name_of(item) for item in items]
    if name not in names:
        known = [known for known in names if known is not None]
        raise PathError(f"{place} has no item called '{name}'; it has {_listed(known)}")
    return items[names.index(name)]


def _name_of(item: object) -> str | None:
    if not isinstance(item, dict):
        return None
    names = (item[member] for member in NAMING if isinstance(item.get(member), str))
    return next(names, None)


def written(parts: Sequence[Part]) -> str:
    """The parts as a path."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")


def _listed(names: Iterable[str]) -> str:
    texts = [f"'{name}'" for name in names]
    return ", ".join(texts[:20] + ["…"] * (len(texts) > 20)) or "none"


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _wanted(part: Part) -> str:
    return f"item {part}" if isinstance(part, int) else f"member '{part}'"
