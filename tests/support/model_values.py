"""Hypothesis: values that a service's model allows, and the places in them where it can be broken."""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import strategies as st
from slipway.protocol.patterns import java_pattern

# Some of the model's structures hold themselves; below this only what must be there is made.
DEEPEST = 4
PLAIN = string.ascii_letters + string.digits + " -_./:=+@"
UNICODE = "\N{GREEK SMALL LETTER PI}\N{CJK UNIFIED IDEOGRAPH-4E00}\N{EURO SIGN}\N{ROCKET}"
# Headers hold what HTTP can carry, and their ends are not blank.
HEADER_TEXT = st.text(string.ascii_letters + string.digits + "-_./;=+", min_size=1, max_size=20)


def requests(shape: Shape | None) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters that the model allows, in Python's own types."""
    return values(shape) if isinstance(shape, StructureShape) else st.just({})


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a shape allows."""
    if isinstance(shape, StructureShape):
        return _structures(shape, depth)
    least = int(shape.metadata.get("min", 0))
    most = min(int(shape.metadata.get("max", least + 2)), least + (2 if depth < DEEPEST else 0))
    if shape.serialization.get("location") == "querystring":
        # An empty list leaves nothing in a query.
        least = max(least, 1)
    if isinstance(shape, ListShape):
        return st.lists(_later(shape.member, depth + 1), min_size=least, max_size=most)
    if isinstance(shape, MapShape):
        keys, items = values(shape.key), _later(shape.value, depth + 1)
        return st.dictionaries(keys, items, min_size=least, max_size=most)
    return _scalars(shape)


def _structures(shape: StructureShape, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    required = {name: values(shape.members[name], depth + 1) for name in shape.required_members}
    optional = {
        name: _later(member, depth + 1)
        for name, member in shape.members.items()
        if name not in required and depth < DEEPEST
    }
    # A handful at a time: some structures have dozens.
    if shape.is_tagged_union:
        return st.one_of(
            [
                st.fixed_dictionaries({name: _later(member, depth + 1)})
                for name, member in shape.members.items()
            ]
        )
    names = st.sampled_from(sorted(optional)) if optional else st.nothing()
    chosen = st.sets(names, max_size=5 if optional else 0)
    return chosen.flatmap(
        lambda some: st.fixed_dictionaries({**required, **{name: optional[name] for name in some}})
    )


def _later(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: values(shape, depth))


def _scalars(shape: Shape) -> st.SearchStrategy[Any]:
    metadata = shape.metadata
    if shape.type_name == "string":
        return st.sampled_from(metadata["enum"]) if metadata.get("enum") else _texts(shape)
    if shape.type_name in ("integer", "long"):
        bits = 31 if shape.type_name == "integer" else 63
        return st.integers(metadata.get("min", -(2**bits)), metadata.get("max", 2**bits - 1))
    if shape.type_name in ("float", "double"):
        least, most = metadata.get("min", -1e9), metadata.get("max", 1e9)
        return st.floats(least, most, allow_nan=False, width=64)
    if shape.type_name == "timestamp":
        # botocore sends whole seconds.
        moments = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
        return moments.map(lambda moment: moment.replace(microsecond=0))
    if shape.type_name == "blob":
        return st.binary(max_size=20)
    return st.booleans()


def _texts(shape: Shape) -> st.SearchStrategy[str]:
    if shape.serialization.get("location") == "header":
        return HEADER_TEXT.filter(lambda text: _allows(shape, text))
    least, most = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 4096))
    pattern = shape.metadata.get("pattern")
    if pattern is None or r"\p" in pattern or r"\u" in pattern:
        texts = st.text(PLAIN + UNICODE, min_size=least, max_size=min(most, least + 20))
        return texts.filter(lambda text: _allows(shape, text))
    return _matching(pattern).filter(lambda text: _allows(shape, text))


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(java_pattern(pattern), fullmatch=True)


def _allows(shape: Shape, text: str) -> bool:
    metadata = shape.metadata
    pattern = metadata.get("pattern")
    fits = pattern is None or java_pattern(pattern).fullmatch(text) is not None
    return fits and metadata.get("min", 0) <= len(text) <= metadata.get("max", len(text))


@dataclass(frozen=True, slots=True)
class Break:
    """One way to break a request: what is put where, and what AWS says of it."""

    holder: Any
    place: Any
    value: Any
    complaint: str

    def apply(self) -> None:
        """Break the request. A value of None leaves the member out."""
        if self.value is None:
            del self.holder[self.place]
        else:
            self.holder[self.place] = self.value


def breaks(shape: StructureShape, value: dict[str, Any], path: str = "") -> Iterator[Break]:
    """The ways in which a request can break its model, with AWS's sentence on each."""
    for name, member in shape.members.items():
        place = ".".join(filter(None, (path, name[0].lower() + name[1:])))
        if name not in value:
            continue
        # An address without its name is another address.
        if name in shape.required_members and member.serialization.get("location") != "uri":
            told = f"Value null at '{place}' failed to satisfy constraint: Member must not be null"
            yield Break(value, name, None, told)
        yield from _breaks_of(member, value, name, place)


def _breaks_of(shape: Shape, holder: Any, key: Any, path: str) -> Iterator[Break]:
    value = holder[key]
    if isinstance(shape, StructureShape):
        yield from breaks(shape, value, path)
        return
    for broken, constraint in _broken(shape, value):
        shown = broken if isinstance(shape.metadata.get("enum"), list) or isinstance(broken, str) else None
        told = f"at '{path}' failed to satisfy constraint: {constraint}"
        yield Break(holder, key, broken, told if shown is None else f"Value '{shown}' {told}")
    if isinstance(shape, ListShape) and isinstance(shape.member, StructureShape):
        for number, item in enumerate(value, start=1):
            yield from breaks(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, ListShape) and value:
        for broken, _constraint in _broken(shape.member, value[0]):
            told = f"at '{path}' failed to satisfy constraint: Member must satisfy constraint: [Member"
            yield Break(value, 0, broken, told)
    elif isinstance(shape, MapShape) and value:
        first = next(iter(value))
        for broken, _constraint in _broken(shape.value, value[first]):
            told = f"at '{path}' failed to satisfy constraint: Map value must satisfy constraint: [Member"
            yield Break(value, first, broken, told)


def _broken(shape: Shape, value: Any) -> Iterator[tuple[Any, str]]:
    """Values that break one constraint at least, and that constraint in AWS's words."""
    metadata = shape.metadata
    least, most = metadata.get("min"), metadata.get("max")
    if shape.type_name in ("integer", "long", "float", "double"):
        if least is not None:
            yield least - 1, f"Member must have value greater than or equal to {least}"
        if most is not None and most < 2**31 - 1:
            yield most + 1, f"Member must have value less than or equal to {most}"
        return
    if shape.type_name == "string":
        if metadata.get("enum"):
            yield "neither-of-them", f"Member must satisfy enum value set: [{', '.join(metadata['enum'])}]"
        if metadata.get("pattern") and not _allows(shape, "\n"):
            told = f"Member must satisfy regular expression pattern: {metadata['pattern']}"
            yield (value + "\n" if not _fits(metadata["pattern"], value + "\n") else "\n"), told
        if most is not None and most <= 4096:
            yield (value or "a") * (most + 1), f"Member must have length less than or equal to {most}"
        if least:
            yield value[: least - 1], f"Member must have length greater than or equal to {least}"
    elif isinstance(shape, ListShape):
        if least:
            yield value[: least - 1], f"Member must have length greater than or equal to {least}"
        if most is not None and most <= 100 and value:
            yield value[:1] * (most + 1), f"Member must have length less than or equal to {most}"


def _fits(pattern: str, text: str) -> bool:
    return java_pattern(pattern).fullmatch(text) is not None


def sent(shape: Shape, value: Any) -> Any:
    """`value` as an operation gets it: times as seconds since 1970, numbers in the model's type."""
    if isinstance(shape, StructureShape):
        return {name: sent(shape.members[name], item) for name, item in value.items()}
    if isinstance(shape, ListShape):
        return [sent(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: sent(shape.value, item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value) if shape.type_name in ("float", "double") else value


def complaint_count(message: str) -> tuple[int, int]:
    """How many errors a message says that it tells, and how many it does tell."""
    said = re.match(r"(\d+) validation errors? detected: ", message)
    assert said, message
    return int(said[1]), len(re.findall(r"(?:detected: |; )Value ", message))
