"""Athena's statements about tables, as far as they are carried out: CREATE EXTERNAL TABLE and DROP TABLE."""

import re
from dataclasses import dataclass, field

from slipway.resources.catalog_table import CSV_SERDE, PARQUET_SERDE

_IS_ABOUT_TABLES = re.compile(r"\s*(create|drop|alter|show|describe|msck)\b", re.IGNORECASE)
_NAME = r"(?:(?:`(?P<dq>[^`]+)`|(?P<d>\w+))\s*\.\s*)?(?:`(?P<tq>[^`]+)`|(?P<t>\w+))"
_CREATE = re.compile(
    rf"\s*create\s+external\s+table\s+(?P<lenient>if\s+not\s+exists\s+)?{_NAME}\s*"
    r"\((?P<columns>.*?)\)\s*"
    r"(?:row\s+format\s+serde\s+'(?P<serde>[^']+)'\s*"
    r"(?:with\s+serdeproperties\s*\((?P<properties>.*?)\)\s*)?)?"
    r"(?:stored\s+as\s+(?P<stored>\w+)\s*)?"
    r"location\s+'(?P<location>s3://[^']+)'\s*"
    r"(?:tblproperties\s*\((?P<more>.*?)\)\s*)?;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_DROP = re.compile(rf"\s*drop\s+table\s+(?P<lenient>if\s+exists\s+)?{_NAME}\s*;?\s*", re.IGNORECASE)
_COLUMN = re.compile(r"(?:`(?P<quoted>[^`]+)`|(?P<name>\w+))\s+(?P<type>\w+)(?:\s+comment\s+'[^']*')?", re.I)
_PAIR = re.compile(r"""(["'])(?P<key>.*?)\1\s*=\s*(["'])(?P<value>(?:\\.|.)*?)\3""")
# What the CSV format converts to, and the offline store's own files hold.
_TYPES = frozenset({"string", "int", "integer", "bigint", "double", "float", "boolean", "timestamp"})
_REFUSED = (
    "of the statements about tables CREATE EXTERNAL TABLE (of OpenCSVSerde, or STORED AS PARQUET; without "
    "partitions) and DROP TABLE are implemented here"
)


class StatementError(Exception):
    """The statement cannot be carried out; the message says why."""


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A table that is to be; `lenient` where one that is there is no error."""

    database: str | None
    name: str
    columns: tuple[tuple[str, str], ...]
    location: str
    serde: str
    lenient: bool
    serde_parameters: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DropTable:
    """A table that is to be no more; `lenient` where one that is not there is no error."""

    database: str | None
    name: str
    lenient: bool


def is_about_tables(sql: str) -> bool:
    """Whether Athena calls the statement DDL."""
    return _IS_ABOUT_TABLES.match(sql) is not None


def read_statement(sql: str) -> CreateTable | DropTable:
    """What a statement about tables asks for. Raises StatementError for what is not implemented."""
    found = _DROP.fullmatch(sql)
    if found:
        return DropTable(*_named(found), found["lenient"] is not None)
    found = _CREATE.fullmatch(sql)
    if found is None:
        raise StatementError(_REFUSED)
    database, name = _named(found)
    more = _pairs(found["more"] or "")
    skipped = more.get("skip.header.line.count", "0")
    if not (skipped.isascii() and skipped.isdigit()):
        raise StatementError(f"skip.header.line.count is '{skipped}'; only a number is implemented here")
    return CreateTable(
        database,
        name,
        _columns(found["columns"]),
        found["location"],
        _serde(found["serde"], found["stored"]),
        found["lenient"] is not None,
        _pairs(found["properties"] or ""),
        more,
    )


def _named(found: re.Match[str]) -> tuple[str | None, str]:
    return found["dq"] or found["d"], found["tq"] or found["t"]


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    columns = []
    for part in text.split(","):
        found = _COLUMN.fullmatch(part.strip())
        if found is None or found["type"].lower() not in _TYPES:
            raise StatementError(
                f"the column '{part.strip()}' is not implemented here; types are {', '.join(sorted(_TYPES))}"
            )
        columns.append((found["quoted"] or found["name"], found["type"].lower()))
    return tuple(columns)


def _serde(given: str | None, stored: str | None) -> str:
    if given is None and (stored or "").lower() == "parquet":
        return PARQUET_SERDE
    if given == PARQUET_SERDE or (given == CSV_SERDE and (stored or "textfile").lower() == "textfile"):
        return given
    raise StatementError(_REFUSED)


def _pairs(text: str) -> dict[str, str]:
    return {each["key"]: re.sub(r"\\(.)", r"\1", each["value"]) for each in _PAIR.finditer(text)}
