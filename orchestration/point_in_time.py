"""SQL that gives rows of entities the features that were known at their moments, and nothing later.

In the words that Athena and the emulator both have (Trino's). A record counts by its event time: what was
put later for an earlier time counts from that time on, as everywhere in the feature store.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orchestration.errors import TrainingSetError

_COLUMN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# Of one event time the record that was put last, as the developer guide's "offline store" has it.
_LAST_PUT = "r.api_invocation_time DESC, r.write_time DESC"


class TimeForm(StrEnum):
    """How a column tells a moment."""

    ISO_8601 = "text such as 2023-11-14T21:00:00Z"
    SECONDS = "seconds since 1970"

    def seconds(self, column: str) -> str:
        """SQL for the moment in `column` as seconds since 1970, a double."""
        if self is TimeForm.SECONDS:
            return f"CAST({column} AS double)"
        return f"to_unixtime(from_iso8601_timestamp({column}))"


@dataclass(frozen=True, slots=True)
class EntityTable:
    """A table with one row for each entity and moment that is asked about, labels and whatever beside them.

    `is_offline_store`: the rows are records of a feature group, each at its own event time; those that
    were put again or deleted for the same time are not among them.
    """

    database: str
    table: str
    columns: tuple[str, ...]
    event_time: str
    time_form: TimeForm
    identifier: str
    is_offline_store: bool = False

    @property
    def rows(self) -> str:
        """SQL that stands for its rows in a FROM."""
        table = f"{_quoted(self.database)}.{_quoted(self.table)}"
        if not self.is_offline_store:
            return table
        same = f"PARTITION BY r.{_quoted(self.identifier)}, r.{_quoted(self.event_time)}"
        return (
            f"(SELECT * FROM (SELECT r.*, row_number() OVER ({same} ORDER BY {_LAST_PUT}) AS place_of_row "
            f"FROM {table} r) WHERE place_of_row = 1 AND NOT is_deleted)"
        )


@dataclass(frozen=True, slots=True)
class GroupTable:
    """The offline store of a feature group, and what a training set takes from it.

    `key` is the column of the entities that holds the group's identifiers; `prefix` stands before the
    features' names in the training set; a record that is older than `longest_age_seconds` at an entity's
    moment is none.
    """

    database: str
    table: str
    identifier: str
    event_time: str
    time_form: TimeForm
    features: tuple[str, ...]
    key: str
    prefix: str = ""
    longest_age_seconds: float | None = None


def point_in_time_sql(entities: EntityTable, groups: Sequence[GroupTable]) -> str:
    """The training set's query: a row for each row of `entities`, its columns first, then the features.

    Of each group every row has the newest record at or before its moment, ties as the offline store
    breaks them; without one, or where that is a deletion, the group's features are null.
    Raises TrainingSetError for a column that is not there, or would be there twice.
    """
    _check(entities, groups)
    moment = entities.time_form.seconds(f"e.{_quoted(entities.event_time)}")
    parts = [_newest(number, entities, group, moment) for number, group in enumerate(groups)]
    shown = [f"e.{_quoted(column)}" for column in entities.columns]
    joins = []
    for number, group in enumerate(groups):
        shown += [f"n{number}.{_quoted(f)} AS {_quoted(group.prefix + f)}" for f in group.features]
        joins.append(
            f"LEFT JOIN newest_{number} n{number} ON n{number}.entity_key = {_text('e', group.key)}"
            f" AND n{number}.entity_moment = {moment}"
        )
    return "\n".join(
        [
            "WITH " + ",\n".join(parts),
            f"SELECT {', '.join(shown)}",
            f"FROM {entities.rows} e",
            *joins,
        ]
    )


def _newest(number: int, entities: EntityTable, group: GroupTable, moment: str) -> str:
    """The newest record of a group for each identifier and moment; entities' rows are numbered nowhere,
    for Trino may read a table anew wherever a WITH is named, in another order."""
    at = group.time_form.seconds(f"r.{_quoted(group.event_time)}")
    features = "".join(f", r.{_quoted(feature)}" for feature in group.features)
    conditions = [f"{_text('r', group.identifier)} = m.entity_key", f"{at} <= m.entity_moment"]
    if group.longest_age_seconds is not None:
        conditions.append(f"{at} >= m.entity_moment - {group.longest_age_seconds!r}")
    return f"""newest_{number} AS (
  SELECT * FROM (
    SELECT m.entity_key, m.entity_moment, r.is_deleted{features}, row_number() OVER (
      PARTITION BY m.entity_key, m.entity_moment ORDER BY {at} DESC, {_LAST_PUT}
    ) AS place_of_record
    FROM (
      SELECT DISTINCT {_text("e", group.key)} AS entity_key, {moment} AS entity_moment FROM {entities.rows} e
    ) m
    JOIN {_quoted(group.database)}.{_quoted(group.table)} r ON {" AND ".join(conditions)}
  ) WHERE place_of_record = 1 AND NOT is_deleted
)"""


def check_columns(names: Iterable[str]) -> None:
    """Raise TrainingSetError for a name that a column of a table cannot have, or that comes twice."""
    seen: set[str] = set()
    for name in names:
        if _COLUMN.fullmatch(name) is None:
            raise TrainingSetError(
                f"'{name}' is no name of a column: letters, digits and _ are, and no digit first"
            )
        if name.lower() in seen:
            raise TrainingSetError(
                f"the column '{name}' would be there twice, for SQL knows no case; give a group a prefix"
            )
        seen.add(name.lower())


def _check(entities: EntityTable, groups: Sequence[GroupTable]) -> None:
    if not groups:
        raise TrainingSetError("a training set needs at least one feature group")
    _find(entities, entities.event_time, "the moments")
    for group in groups:
        _find(entities, group.key, f"the identifiers of {group.table}")
        if group.longest_age_seconds is not None and not 0 <= group.longest_age_seconds < float("inf"):
            raise TrainingSetError(
                f"the longest age of {group.table}'s records is {group.longest_age_seconds} s; "
                "give a number of seconds, or None for any age"
            )
    check_columns([*entities.columns, *(group.prefix + f for group in groups for f in group.features)])


def _find(entities: EntityTable, column: str, what: str) -> None:
    if column not in entities.columns:
        raise TrainingSetError(
            f"{what} are looked for in '{column}', and the entities have {', '.join(entities.columns)}"
        )


def _text(table: str, column: str) -> str:
    return f"CAST({table}.{_quoted(column)} AS varchar)"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
