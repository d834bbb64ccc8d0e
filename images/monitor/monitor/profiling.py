"""What every feature of a table is like: asks Deequ as often as the features need it."""

import logging
from collections.abc import Sequence
from typing import Any

from pydeequ.analyzers import Completeness, KLLParameters, KLLSketch, Size
from smcontract.failure import ContractError

from monitor.analyzers import Metrics, refuse_malformed, run
from monitor.answers import next_question, profile_of
from monitor.profiles import DatasetProfile
from monitor.questions import Question, first_question
from monitor.sketches import BUCKETS, SHRINKING_FACTOR, SKETCH_SIZE
from monitor.spark import SMALL_CELLS, Spark
from monitor.table import MALFORMED, Table

log = logging.getLogger(__name__)

# Spark's time to plan a query grows with the square of the columns, of a file's and of
# what it keeps too; a checkpoint knows neither of the file nor of the other columns.
MOST_IN_ONE_RUN = 100
# Of wide data: as many as Spark compiles as a whole, for one run, and uses again for the next.
COLUMNS_A_RUN = 40


def profile(spark: Spark, table: Table, about: int) -> DatasetProfile:
    """Every feature of `table`, which has `about` as many values.

    One run over some columns says all where they are what they looked like; what
    turns out otherwise is asked in a second one. Large data is read and its cells
    understood once, and kept for the run in memory or beyond it on disk.
    Raises ContractError for rows that cannot be read, for no rows, and for
    numbers that double precision does not hold.
    """
    metrics = _ask(spark, table, [first_question(column) for column in table.columns], about)
    rows = round(metrics.number("Size", ""))
    missing = [
        question for column in table.columns if (question := next_question(column, metrics, rows)) is not None
    ]
    if missing:
        log.info("profile.second_run columns=%d", len(missing))
        metrics = metrics.and_those_of(_ask(spark, table, missing, about, is_first=False))
    return DatasetProfile(rows, tuple(profile_of(column, metrics, rows) for column in table.columns))


def _ask(
    spark: Spark, table: Table, questions: Sequence[Question], about: int, is_first: bool = True
) -> Metrics:
    """Some columns a run; the first of all also counts the rows and finds those that are malformed."""
    about_rows: list[Any] = []
    if is_first:
        about_rows = [Size(), *([Completeness(MALFORMED)] if table.can_be_malformed else [])]
    metrics = Metrics({}, lambda: "it was not asked")
    # Alike beside alike: what Spark compiles for some columns then serves for others.
    questions = sorted(questions, key=lambda question: (question.flags, question.categories))
    is_wide = len(questions) > MOST_IN_ONE_RUN
    size = COLUMNS_A_RUN if is_wide else MOST_IN_ONE_RUN
    for begin in range(0, len(questions), size):
        asked = questions[begin : begin + size]
        expressions = [each for question in asked for each in question.expressions]
        frame = spark.select(table.frame, [*([MALFORMED] if len(about_rows) > 1 else []), *expressions])
        if is_wide:
            # In one piece nothing is shuffled, of which wide data would have the most.
            frame = (frame.coalesce(1) if about <= SMALL_CELLS else frame).localCheckpoint(True)
        elif about > SMALL_CELLS:
            frame = frame.persist()
        metrics = metrics.and_those_of(_run(spark, frame, asked, about_rows))
        frame.unpersist(False)
        if about_rows:
            _refuse_bad_rows(table, metrics)
            about_rows = []
    return metrics


def _refuse_bad_rows(table: Table, metrics: Metrics) -> None:
    rows = round(metrics.number("Size", ""))
    refuse_malformed(table, metrics, rows)
    if rows == 0:
        raise ContractError("Job inputs had no data: there is no row in dataset_source.")


def _run(spark: Spark, frame: Any, questions: Sequence[Question], about_rows: Sequence[Any]) -> Metrics:
    analyzers = [*about_rows, *(each for question in questions for each in question.analyzers)]
    metrics = run(spark, frame, analyzers)
    sketched = [question.column.numbers for question in questions if question.numbers]
    if sketched:
        # Deequ sketches in a pass of its own, in which every column of the frame is an object a row.
        parameters = KLLParameters(spark.python, SKETCH_SIZE, SHRINKING_FACTOR, BUCKETS)
        sketches = [KLLSketch(column, parameters) for column in sketched]
        metrics = metrics.and_those_of(run(spark, spark.select(frame, sketched), sketches))
    return metrics
