"""Deequ's analyzers, by way of pydeequ: which ones a column needs, and what they found."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydeequ.analyzers import (
    AnalysisRunner,
    Histogram,
)
from pydeequ.repository import FileSystemMetricsRepository, ResultKey
from pyspark.sql import DataFrame
from smcontract.failure import ContractError

from monitor.spark import Spark
from monitor.table import MALFORMED, Table

# Deequ's limit on what a histogram tells in detail; it counts the values beyond it.
MAX_CATEGORIES = 1000


@dataclass(slots=True)
class Metrics:
    """What one or more runs of Deequ found, by analyzer and column.

    `why_not` says what kept Deequ from finding the rest.
    """

    found: dict[tuple[str, str], Any]
    why_not: Callable[[], str]

    def value(self, analyzer: str, column: str) -> Any:
        """A metric's value. Raises RuntimeError where Deequ could not compute it."""
        if (analyzer, column) not in self.found:
            raise RuntimeError(f"Deequ could not compute {analyzer} of '{column}': {self.why_not()}")
        return self.found[analyzer, column]["value"]

    def number(self, analyzer: str, column: str) -> float:
        """A metric that is one number."""
        return float(self.value(analyzer, column))

    def histogram(self, analyzer: str, column: str) -> tuple[int, dict[str, int]]:
        """How many distinct values there are, and how often the most frequent of them."""
        value = self.value(analyzer, column)
        return value["numberOfBins"], {name: each["absolute"] for name, each in value["values"].items()}

    def has(self, analyzer: str, column: str) -> bool:
        """Whether Deequ found it."""
        return (analyzer, column) in self.found

    def and_those_of(self, other: "Metrics") -> "Metrics":
        """Both runs in one."""
        return Metrics({**self.found, **other.found}, other.why_not)


class ValueCounts(Histogram):
    """How often each value occurs, NULL not among them."""

    def __init__(self, column: str) -> None:
        super().__init__(column, maxDetailBins=MAX_CATEGORIES, where=f"{column} IS NOT NULL")

    @property
    def _analyzer_jvm(self) -> Any:
        # pydeequ's always asks for shares, for which Deequ counts the rows once more for each column.
        histogram = self._deequAnalyzers.Histogram
        option = self._jvm.scala.Option
        count = getattr(histogram, "apply$default$6")()
        no_binning, where = option.apply(None), option.apply(self.where)
        return histogram(self.column, no_binning, self.maxDetailBins, where, False, count)


def run(spark: Spark, frame: Any, analyzers: Sequence[Any]) -> Metrics:
    """What `analyzers` find in `frame`, in one run; a metric that Deequ could not compute is not there."""
    builder = AnalysisRunner(spark.python).onData(DataFrame(frame, spark.python))
    for analyzer in analyzers:
        builder.addAnalyzer(analyzer)
    with TemporaryDirectory(prefix="metrics-") as folder:
        # One file and not a call for each number: a sketch alone has thousands.
        file = Path(folder) / "metrics.json"
        builder.useRepository(FileSystemMetricsRepository(spark.python, f"file://{file}"))
        context = builder.saveOrAppendResult(ResultKey(spark.python)).run()
        (result,) = json.loads(file.read_text(encoding="utf-8"))
    found = {_key(each): each["metric"] for each in result["analyzerContext"]["metricMap"]}
    return Metrics(found, lambda: _first_failure(context, analyzers))


def _first_failure(context: Any, analyzers: Sequence[Any]) -> str:
    """What Deequ says of the first metric that it could not compute."""
    for analyzer in analyzers:
        value = context.metric(analyzer._analyzer_jvm).get().value()
        if value.isFailure():
            failure = value.failed().get()
            while failure.getCause() is not None:
                failure = failure.getCause()
            return str(failure.toString())
    return "no reason was given"


def _key(entry: dict[str, Any]) -> tuple[str, str]:
    analyzer = entry["analyzer"]
    return analyzer["analyzerName"], analyzer.get("column") or analyzer.get("instance") or ""


def refuse_malformed(table: Table, metrics: Metrics, rows: int) -> None:
    """Raise ContractError where rows could not be read, which `Completeness` of MALFORMED counts."""
    if not table.can_be_malformed or not metrics.has("Completeness", MALFORMED):
        return
    malformed = round(metrics.number("Completeness", MALFORMED) * rows)
    if not malformed:
        return
    example = table.frame.filter(f"{MALFORMED} IS NOT NULL").head(1)[0].getAs(MALFORMED)
    raise ContractError(
        f"{malformed:,} of {rows:,} rows {'is' if malformed == 1 else 'are'} torn or malformed: "
        f"they do not have {len(table.columns)} columns. The first is {example[:200]!r}. "
        "Mend or remove them; no statistics were computed."
    )
