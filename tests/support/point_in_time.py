"""What a training set should hold, found row by row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Put:
    """A record as it was put: moments in seconds since 1970; `order` counts what was put before it."""

    identifier: str
    moment: float
    order: int
    features: Mapping[str, object]
    is_deleted: bool = False


def known(
    puts: Iterable[Put], identifier: str, moment: float, longest_age: float | None = None
) -> Mapping[str, object] | None:
    """The features of the newest record at or before a moment; None where there is none, or a deletion.

    The developer guide's order: by event time, then by what was put last.
    """
    oldest = float("-inf") if longest_age is None else moment - longest_age
    seen = [put for put in puts if put.identifier == identifier and oldest <= put.moment <= moment]
    newest = max(seen, key=lambda put: (put.moment, put.order), default=None)
    return None if newest is None or newest.is_deleted else newest.features


def training_rows(
    entities: Sequence[tuple[str, float]], groups: Sequence[tuple[Sequence[Put], float | None, Sequence[str]]]
) -> list[list[object]]:
    """For each entity and moment the features of each group, which is puts, longest age and names."""
    rows: list[list[object]] = []
    for identifier, moment in entities:
        row: list[object] = []
        for puts, longest_age, names in groups:
            found = known(puts, identifier, moment, longest_age) or {}
            row += [found.get(name) for name in names]
        rows.append(row)
    return rows
