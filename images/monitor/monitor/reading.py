"""From files to a table: CSV, JSON Lines, Parquet."""

import csv
import gzip
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

from monitor.dataset import Dataset
from monitor.dataset_files import names_of, open_text
from monitor.dataset_format import CsvFormat, JsonLinesFormat, ParquetFormat
from monitor.environment import Settings
from monitor.extract import CsvRecords, ObjectRecords
from monitor.flat_objects import fields, flat_table, quoted
from monitor.spark import Spark
from monitor.table import MALFORMED, Column, Kind, Table, positional_names, text_columns

_SAMPLE_ROWS = 200
_TAIL_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 22
_INTEGRAL = ("tinyint", "smallint", "int", "bigint")
_FRACTIONAL = ("float", "double")


def read_table(spark: Spark, settings: Settings, dataset: Dataset) -> Table:
    """The dataset, without the features that the settings exclude.

    Raises ContractError for what cannot be read.
    """
    files = dataset.files
    match dataset.layout:
        case CsvFormat(header=header):
            table = _read_csv(spark, files, header, dataset.names)
        case CsvRecords(last_names=last_names):
            table = _read_csv(spark, files, False, dataset.names, last_names)
        case ObjectRecords(columns=columns):
            table = _read_objects(spark, files, columns)
        case JsonLinesFormat():
            table = _read_json_lines(spark, files)
        case ParquetFormat():
            table = _read_parquet(spark, files)
    return _without(table, settings.exclude_features)


def _without(table: Table, excluded: Sequence[str]) -> Table:
    unknown = set(excluded) - {column.name for column in table.columns}
    if unknown:
        raise ContractError(
            f"exclude_features_attribute names {', '.join(sorted(unknown))}, which the dataset does not have."
        )
    columns = tuple(column for column in table.columns if column.name not in excluded)
    return Table(table.frame, columns, table.can_be_malformed)


def _first_rows(path: Path) -> list[list[str]]:
    try:
        with open_text(path) as lines:
            return list(itertools.islice(csv.reader(lines), _SAMPLE_ROWS))
    except UnicodeDecodeError as error:
        raise ContractError(f"{path.name} is not UTF-8 ({error.reason}); write it as UTF-8.") from None
    except (csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise ContractError(f"{path.name} cannot be read as CSV: {error}.") from None


def _read_csv(
    spark: Spark,
    files: Sequence[Path],
    header: bool,
    baseline_names: Sequence[str] | None,
    last_names: Sequence[str] = (),
) -> Table:
    sample: list[list[str]] = []
    header_names: list[str] | None = None
    for path in files:
        rows = _first_rows(path)
        if header:
            names = rows.pop(0) if rows else []
            _check_header(path, names, header_names, files[0])
            header_names = names
        sample += rows
    count = len(sample[0]) - len(last_names) if sample else 0
    names = header_names or [*positional_names(count, baseline_names), *last_names]
    if not sample:
        raise ContractError(f"Job inputs had no data: {names_of(files)} has a header and no rows.")
    for path in files:
        _refuse_torn_csv(path, len(names))
    schema = ", ".join([*(f"f{index} STRING" for index in range(len(names))), f"{MALFORMED} STRING"])
    reader = (
        spark.session.read()
        .schema(schema)
        .option("header", str(header).lower())
        .option("mode", "PERMISSIVE")
        .option("columnNameOfCorruptRecord", MALFORMED)
        .option("escape", '"')
        # A quoted cell may hold a line break, and then a file cannot be read in pieces.
        .option("multiLine", str(any(map(_has_quotes, files))).lower())
    )
    frame = reader.csv(spark.sequence(map(_uri, files)))
    return Table(frame, text_columns(names, sample), can_be_malformed=True)


def _check_header(path: Path, names: list[str], expected: list[str] | None, first: Path) -> None:
    if not names or any(not name for name in names):
        raise ContractError(f"{path.name} has no header with a name for each column: {names!r}.")
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ContractError(f"{path.name} has the column {', '.join(sorted(repeated))} more than once.")
    if expected is not None and names != expected:
        raise ContractError(
            f"{path.name} has other columns than {first.name}: {names!r} and {expected!r}; "
            "files of one dataset need the same header."
        )


def _refuse_torn_csv(path: Path, width: int) -> None:
    """A file that ends inside a row was not written to its end."""
    last = _last_line(path)
    if last is None:
        return
    cells = next(csv.reader([last]), [])
    if len(cells) < width:
        raise ContractError(
            f"the last line of {path.name} is torn: it has {len(cells)} of {width} cells and no line end. "
            "Write the file again, or remove that line."
        )


def _last_line(path: Path) -> str | None:
    """What follows the last line end; None where nothing does, or the file is compressed."""
    if path.suffix == ".gz":
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        tail = file.read()
    line = tail[tail.rfind(b"\n") + 1 :]
    return line.decode("utf-8", errors="replace") or None


def _has_quotes(path: Path) -> bool:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return any(b'"' in block for block in iter(lambda: file.read(_BLOCK_BYTES), b""))


def _uri(path: Path) -> str:
    return path.resolve().as_uri()


def _read_json_lines(spark: Spark, files: Sequence[Path]) -> Table:
    reader = (
        spark.session.read()
        .option("primitivesAsString", "true")
        .option("columnNameOfCorruptRecord", MALFORMED)
    )
    frame = reader.json(spark.sequence(map(_uri, files)))
    return flat_table(spark, frame, list(_first_objects(files)), names_of(files))


def _read_objects(spark: Spark, files: Sequence[Path], columns: Sequence[tuple[int, str]]) -> Table:
    schema = ", ".join(f"f{index} STRING" for index, _ in sorted(columns))
    frame = spark.session.read().schema(schema).json(spark.sequence(map(_uri, files)))
    sample = [[each.get(f"f{index}") for index, _ in columns] for each in _first_objects(files)]
    guessed = text_columns([name for _, name in columns], sample)
    return Table(
        frame,
        tuple(replace(guess, index=index) for (index, _), guess in zip(columns, guessed, strict=True)),
    )


def _first_objects(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    with open_text(files[0]) as lines:
        for line in itertools.islice(lines, _SAMPLE_ROWS):
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if isinstance(document, dict):
                yield document


def _read_parquet(spark: Spark, files: Sequence[Path]) -> Table:
    frame = spark.session.read().option("mergeSchema", "true").parquet(spark.sequence(map(_uri, files)))
    columns: list[Column] = []
    expressions: list[str] = []
    for index, (name, type_) in enumerate(fields(frame)):
        if type_.startswith(("struct", "array", "map")):
            raise ContractError(f"{names_of(files)}: column '{name}' holds {type_} and not one value a row.")
        kind, sql_type = _kind(type_)
        columns.append(Column(index, name, kind, looks_numeric=kind is not Kind.TEXT))
        expressions.append(f"CAST({quoted(name)} AS {sql_type}) AS f{index}")
    return Table(spark.select(frame, expressions), tuple(columns))


def _kind(type_: str) -> tuple[Kind, str]:
    if type_ in _INTEGRAL:
        return Kind.INTEGRAL, "BIGINT"
    if type_ in _FRACTIONAL or type_.startswith("decimal"):
        return Kind.FRACTIONAL, "DOUBLE"
    return Kind.TEXT, "STRING"
