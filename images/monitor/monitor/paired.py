"""Predictions beside what came true, as Spark sees them: which rows count, and in which random samples."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydeequ.analyzers import Completeness, Compliance, Size
from smcontract.failure import ContractError

from monitor.analyzers import Metrics, refuse_malformed, run
from monitor.extract import GROUND_TRUTH
from monitor.measures import SAMPLED_SHARE, SAMPLES
from monitor.spark import Spark
from monitor.table import MALFORMED, NUMBER, Column, Kind, Table

SAMPLE_NAMES = tuple(f"s{number}" for number in range(SAMPLES))
# What names of columns end with: nothing for all rows, and each sample's own.
POPULATIONS = ("", *(f"_{name}" for name in SAMPLE_NAMES))
_SEED = 80
_USED = "used"
_ROUND_NUMBER = "^([+-]?[0-9]+)[.]0+$"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column of predictions: `variable` is what names it, `attribute` its name there."""

    alias: str
    variable: str
    attribute: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What Deequ found in the rows that count; `frame` holds them alone, and stays in memory."""

    rows: int
    all_rows: int
    metrics: Metrics
    frame: Any

    @property
    def left_out(self) -> int:
        """Rows without a prediction or without its truth."""
        return self.all_rows - self.rows

    def count(self, name: str) -> int:
        """How many rows that count are as the condition of this name says."""
        return round(self.metrics.number("Compliance", name) * self.all_rows)


@dataclass(frozen=True, slots=True)
class Question:
    """Further columns by SQL, which are empty in rows that do not count, and what to ask of them."""

    columns: Mapping[str, str]
    analyzers: Sequence[Any]


def literal(text: str) -> str:
    """A text as SQL needs it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def label(text: str) -> str:
    """A class as it is compared: `1.0` is the class `1`, which files of numbers turn it into."""
    return re.sub(_ROUND_NUMBER, r"\1", text.strip())


def per_population(columns: Mapping[str, str]) -> dict[str, str]:
    """Columns by SQL, and those of each sample, which are empty in other rows."""
    in_samples = {
        f"{name}_{sample}": f"IF({sample}, {expression}, NULL)"
        for name, expression in columns.items()
        for sample in SAMPLE_NAMES
    }
    return {**columns, **in_samples}


def count_if(name: str, condition: str) -> Any:
    """The analyzer behind `Answered.count`."""
    return Compliance(name, f"{_USED} AND {condition}")


def ask(spark: Spark, table: Table, wanted: Sequence[Wanted], question: Question) -> Answered:
    """What Deequ says to `question` in one run, over the rows that have all that is wanted.

    Raises ContractError for columns that are not there, rows that cannot be
    read, values that are no numbers where numbers are wanted, and no row at all.
    """
    columns = [_found(table, each) for each in wanted]
    numbers = [each.alias for each in wanted if each.is_number]
    frame = _prepared(spark, table, wanted, columns, question)
    analyzers = [
        Size(),
        count_if(_USED, _USED),
        *(Compliance(_bad(alias), f"{alias}_text IS NOT NULL AND {alias} IS NULL") for alias in numbers),
        *([Completeness(MALFORMED)] if table.can_be_malformed else []),
        *question.analyzers,
    ]
    metrics = run(spark, frame, analyzers)
    all_rows = round(metrics.number("Size", ""))
    refuse_malformed(table, metrics, all_rows)
    if not all_rows:
        raise ContractError("Job inputs had no data: there is no row in dataset_source.")
    answered = Answered(
        round(metrics.number("Compliance", _USED) * all_rows), all_rows, metrics, frame.filter(_USED)
    )
    _refuse_no_numbers(answered, wanted, frame)
    if not answered.rows:
        names = " and ".join(f"'{each.attribute}'" for each in wanted)
        raise ContractError(
            f"Job inputs had no data: none of {all_rows:,} rows has a value in each of {names}."
        )
    return answered


def _found(table: Table, wanted: Wanted) -> Column:
    """The column of a name, of a 0-based index, or of a JSON path."""
    name = wanted.attribute
    path = name.removeprefix("$.")
    for column in table.columns:
        if column.name in (name, path):
            return column
    if name.isdigit() and int(name) < len(table.columns):
        return table.columns[int(name)]
    there = ", ".join(column.name for column in table.columns[:20])
    raise ContractError(
        f"{wanted.variable}={name} is no column of the dataset, which has {there}; "
        "give a column's name, its 0-based index, or a JSON path."
    )


def _prepared(
    spark: Spark, table: Table, wanted: Sequence[Wanted], columns: Sequence[Column], question: Question
) -> Any:
    malformed = [MALFORMED] if table.can_be_malformed else []
    texts = [f"{_text(column)} AS {each.alias}_text" for each, column in zip(wanted, columns, strict=True)]
    frame = spark.select(table.frame, [*texts, *malformed])
    values = [f"{_value(each)} AS {each.alias}" for each in wanted]
    samples = [
        # Of the row's place and not of its values: rows that are alike are sampled one by one.
        f"rand({_SEED + number}) < {SAMPLED_SHARE} AS {name}"
        for number, name in enumerate(SAMPLE_NAMES)
    ]
    frame = spark.select(frame, ["*", *values, *samples])
    frame = spark.select(
        frame, ["*", " AND ".join(f"{each.alias} IS NOT NULL" for each in wanted) + f" AS {_USED}"]
    )
    further = [
        f"CASE WHEN {_USED} THEN {expression} END AS {name}" for name, expression in question.columns.items()
    ]
    return spark.select(frame, ["*", *further]).cache()


def _text(column: Column) -> str:
    """The value as a text; NULL where there is none."""
    if column.kind is Kind.TEXT:
        return f"nullif(trim({column.values}), '')"
    return f"CAST({column.values} AS STRING)"


def _value(wanted: Wanted) -> str:
    text = f"{wanted.alias}_text"
    if not wanted.is_number:
        return f"regexp_replace({text}, '{_ROUND_NUMBER}', '$1')"
    number = f"CAST({text} AS DOUBLE)"
    return f"CASE WHEN {text} RLIKE '{NUMBER}' AND abs({number}) < double('Infinity') THEN {number} END"


def _bad(alias: str) -> str:
    return f"bad {alias}"


def _refuse_no_numbers(answered: Answered, wanted: Sequence[Wanted], frame: Any) -> None:
    for each in wanted:
        if not each.is_number:
            continue
        bad = round(answered.metrics.number("Compliance", _bad(each.alias)) * answered.all_rows)
        if bad:
            first = frame.filter(f"{each.alias}_text IS NOT NULL AND {each.alias} IS NULL").head(1)[0]
            example = first.getAs(f"{each.alias}_text")
            raise ContractError(
                f"{bad:,} of {answered.all_rows:,} values of {each.variable}={each.attribute} "
                f"{'is' if bad == 1 else 'are'} no finite number, the first is {example[:100]!r}; "
                "name the column of numbers, or remove those rows."
            )


def ground_truth(table: Table, attribute: str | None, is_number: bool) -> Wanted:
    """The column of what came true: merged data has its own, other data must name it."""
    if attribute is None:
        if not any(column.name == GROUND_TRUTH for column in table.columns):
            raise ContractError(
                "ground_truth_attribute is not set; name the column that holds what came true."
            )
        attribute = GROUND_TRUTH
    return Wanted("truth", "ground_truth_attribute", attribute, is_number)


def rows_of(spark: Spark, frame: Any) -> list[dict[str, Any]]:
    """A small frame's rows, in any order: one text and not a call to the JVM for each value."""
    packed = spark.select(frame, ["to_json(collect_list(struct(*))) AS packed"])
    rows: list[dict[str, Any]] = json.loads(packed.head(1)[0].getString(0))
    return rows


def grouped(spark: Spark, frame: Any, key: str, aggregates: Sequence[str]) -> Any:
    """`aggregates` by SQL for each value of `key`, which are column names with commas between."""
    frame.createOrReplaceTempView("paired")
    return spark.session.sql(f"SELECT {key}, {', '.join(aggregates)} FROM paired GROUP BY {key}")
