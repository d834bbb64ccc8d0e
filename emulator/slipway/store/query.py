"""What a list operation asks the store for."""

from dataclasses import dataclass
from enum import StrEnum

from slipway.resources.resource import Resource


class SortBy(StrEnum):
    """The columns that lists can be sorted by; the value is the column."""

    CREATION_TIME = "created_at"
    MODIFIED_TIME = "modified_at"
    NAME = "name"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of the page before: the value it was sorted by, and its sequence number."""

    value: str | float
    sequence: int


@dataclass(frozen=True, slots=True)
class Query:
    """Filters, order and place of one page. Times are seconds since 1970, both bounds exclusive."""

    limit: int = 10
    sort_by: SortBy = SortBy.CREATION_TIME
    descending: bool = False
    after: Position | None = None
    name_contains: str | None = None
    status: str | None = None
    parent: str | None = None
    label: str | None = None
    created_after: float | None = None
    created_before: float | None = None
    modified_after: float | None = None
    modified_before: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some resources, and where the next page begins; None on the last one."""

    resources: tuple[Resource, ...]
    next: Position | None
