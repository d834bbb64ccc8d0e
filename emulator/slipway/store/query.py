"""What a list operation asks the store for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from slipway.resources.resource import Kind, Owner, Resource

COLUMNS = (
    "sequence, account_id, region, kind, name, status, created_at, modified_at, document, internal, label"
)


class SortBy(StrEnum):
    """The columns that lists can be sorted by; the value is the column."""

    CREATION_TIME = "created_at"
    MODIFIED_TIME = "modified_at"
    NAME = "name"
    STATUS = "status"
    # Of monitoring executions, whose label it is.
    SCHEDULED_TIME = "label"


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of the page before: the value it was sorted by, and its sequence number."""

    value: str | float
    sequence: int


@dataclass(frozen=True, slots=True)
class Query:
    """Filters, order and place of one page. All bounds are exclusive, times are seconds since 1970."""

    limit: int = 10
    sort_by: SortBy = SortBy.CREATION_TIME
    descending: bool = False
    after: Position | None = None
    name_contains: str | None = None
    name_prefix: str | None = None
    status: str | None = None
    parent: str | None = None
    # Only those that have a parent, or only those that have none.
    has_parent: bool | None = None
    label: str | None = None
    label_after: str | None = None
    label_before: str | None = None
    # What Describe shows at a path such as $.EndpointName.
    members: Mapping[str, str] = field(default_factory=dict)
    created_after: float | None = None
    created_before: float | None = None
    modified_after: float | None = None
    modified_before: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some resources, and where the next page begins; None on the last one."""

    resources: tuple[Resource, ...]
    next: Position | None


def select(owner: Owner, kind: Kind, query: Query) -> tuple[str, list[str | float]]:
    """`query` as SQL, and the values in it; one row more than the page has, to know whether there is one."""
    where, values = _conditions(owner, kind, query)
    direction = "DESC" if query.descending else "ASC"
    statement = (
        f"SELECT {COLUMNS} FROM resources WHERE {' AND '.join(where)} "
        f"ORDER BY {query.sort_by.value} {direction}, sequence {direction} LIMIT ?"
    )
    return statement, [*values, query.limit + 1]


def _conditions(owner: Owner, kind: Kind, query: Query) -> tuple[list[str], list[str | float]]:
    where = ["account_id = ?", "region = ?", "kind = ?"]
    values: list[str | float] = [owner.account_id, owner.region, kind.value]

    def add(condition: str, value: str | float | None) -> None:
        if value is not None:
            where.append(condition)
            values.append(value)

    add("instr(name, ?) > 0", query.name_contains)
    add("instr(name, ?) = 1", query.name_prefix)
    add("status = ?", query.status)
    add("parent = ?", query.parent)
    if query.has_parent is not None:
        where.append("parent <> ''" if query.has_parent else "parent = ''")
    add("label = ?", query.label)
    add("label > ?", query.label_after)
    add("label < ?", query.label_before)
    for path, value in query.members.items():
        where.append("json_extract(document, ?) = ?")
        values += [path, value]
    add("created_at > ?", query.created_after)
    add("created_at < ?", query.created_before)
    add("modified_at > ?", query.modified_after)
    add("modified_at < ?", query.modified_before)
    if query.after is not None:
        comparison = "<" if query.descending else ">"
        where.append(f"({query.sort_by.value}, sequence) {comparison} (?, ?)")
        values += [query.after.value, query.after.sequence]
    return where, values
