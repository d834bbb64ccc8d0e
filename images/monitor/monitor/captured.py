"""From what an endpoint captured to a table: one line a call, several records in it."""

import csv
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

from monitor.dataset_format import ENDPOINT_INPUT, ENDPOINT_OUTPUT
from monitor.flat_objects import flat_table
from monitor.spark import Spark
from monitor.table import MALFORMED, Table, text_columns
from monitor.window import Window

_SAMPLE_CALLS = 200
_SIDE = "STRUCT<data: STRING, encoding: STRING, observedContentType: STRING>"
_SCHEMA = (
    f"captureData STRUCT<{ENDPOINT_INPUT}: {_SIDE}, {ENDPOINT_OUTPUT}: {_SIDE}>, "
    f"eventMetadata STRUCT<inferenceTime: STRING>, {MALFORMED} STRING"
)
_WAY_OUT = "Name the endpoint's types in DataCaptureConfig.CaptureContentTypeHeader."


def read_captured(
    spark: Spark,
    files: Sequence[Path],
    indexes: Sequence[str],
    window: Window,
    baseline_names: Sequence[str] | None,
) -> Table:
    """The records of the calls in `window` (from its start, up to but without its end), all of one encoding.

    Raises ContractError for lines that are torn, calls without the side that is
    asked for, encodings that are mixed or are not implemented, and no call at all.
    """
    paths = spark.sequence(path.resolve().as_uri() for path in files)
    reader = spark.session.read().schema(_SCHEMA).option("columnNameOfCorruptRecord", MALFORMED)
    # Spark refuses to look at the malformed lines alone unless they are kept.
    lines = reader.json(paths).cache()
    calls = _in_window(_sound(lines), window)
    encoding = _encoding(spark, calls, indexes, window)
    sample = list(_first_calls(files))
    if encoding == "CSV":
        return _csv_records(spark, calls, indexes, sample, baseline_names)
    return _json_records(spark, calls, indexes, sample)


def _sound(lines: Any) -> Any:
    torn = lines.filter(f"{MALFORMED} IS NOT NULL OR captureData IS NULL")
    count = torn.count()
    if count:
        example = torn.head(1)[0].getAs(MALFORMED) or "a JSON object without captureData"
        raise ContractError(
            f"{count:,} captured line{'s' if count > 1 else ''} cannot be read, torn or of another format. "
            f"The first is {example[:200]!r}. Remove them, or wait until the capture is complete."
        )
    return lines


def _in_window(calls: Any, window: Window) -> Any:
    time = "timestamp(eventMetadata.inferenceTime)"
    if window.start:
        calls = calls.filter(f"{time} >= timestamp '{window.start:%F %T}'")
    if window.end:
        calls = calls.filter(f"{time} < timestamp '{window.end:%F %T}'")
    return calls


def _encoding(spark: Spark, calls: Any, indexes: Sequence[str], window: Window) -> str:
    """The one encoding of every call."""
    sides = ", ".join(f"coalesce(captureData.{index}.encoding, 'nothing')" for index in indexes)
    rows = spark.select(calls, [f"explode(array({sides})) AS encoding"]).distinct().collect()
    encodings: list[str] = sorted(row.getString(0) for row in rows)
    if not encodings:
        raise ContractError(f"Job inputs had no data: no call was captured {window}.")
    if "nothing" in encodings:
        raise ContractError(
            f"calls were captured without {' or '.join(indexes)}; capture both sides "
            "(DataCaptureConfig.CaptureOptions), or name the other one in captureIndexNames."
        )
    if encodings not in (["CSV"], ["JSON"]):
        kinds = " and ".join(encodings)
        problem = "is mixed" if len(encodings) > 1 else "cannot be read"
        raise ContractError(f"the content of captured calls {problem}: {kinds}. {_WAY_OUT}")
    return encodings[0]


def _first_calls(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    with files[0].open(encoding="utf-8") as lines:
        for line in itertools.islice(lines, _SAMPLE_CALLS):
            yield json.loads(line)["captureData"]


def _csv_records(
    spark: Spark,
    calls: Any,
    indexes: Sequence[str],
    sample: Sequence[dict[str, Any]],
    baseline_names: Sequence[str] | None,
) -> Table:
    """Records that have no header: columns are named by their place."""
    rows = [
        [cell for index in indexes for cell in next(csv.reader([call[index]["data"].splitlines()[0]]))]
        for call in sample
        if all(call.get(index, {}).get("data") for index in indexes)
    ]
    if not rows:
        raise ContractError(f"the first captured calls hold no record in {' and '.join(indexes)}.")
    width = len(rows[0])
    known = list(baseline_names or ())[:width]
    names = known + [f"_c{place}" for place in range(len(known), width)]
    sides = (f"split(rtrim('\\r\\n', captureData.{index}.data), '\\r?\\n')" for index in indexes)
    # Record by record; a side that has fewer of them leaves its cells out, and the row is malformed.
    fields = ", ".join(f"side['{place}']" for place in range(len(indexes)))
    record = f"concat_ws(',', {fields})"
    lines = spark.select(calls, [f"explode(arrays_zip({', '.join(sides)})) AS side"])
    lines = spark.select(lines, [f"{record} AS line"])
    schema = ", ".join([*(f"f{place} STRING" for place in range(width)), f"{MALFORMED} STRING"])
    options = f"map('mode', 'PERMISSIVE', 'columnNameOfCorruptRecord', '{MALFORMED}', 'escape', '\"')"
    parsed = spark.select(lines, [f"from_csv(line, '{schema}', {options}) AS cells"])
    return Table(spark.select(parsed, ["cells.*"]), text_columns(names, rows), can_be_malformed=True)


def _json_records(
    spark: Spark, calls: Any, indexes: Sequence[str], sample: Sequence[dict[str, Any]]
) -> Table:
    if len(indexes) > 1:
        raise ContractError(
            "both sides of captured JSON in one table are not implemented; name one in captureIndexNames."
        )
    (index,) = indexes
    encoders = spark.jvm.org.apache.spark.sql.Encoders
    texts = getattr(spark.select(calls, [f"captureData.{index}.data"]), "as")(encoders.STRING())
    frame = (
        spark.session.read()
        .option("primitivesAsString", "true")
        .option("columnNameOfCorruptRecord", MALFORMED)
        .json(texts)
    )
    return flat_table(spark, frame, list(_objects(sample, index)), f"captured {index}")


def _objects(sample: Sequence[dict[str, Any]], index: str) -> Iterator[dict[str, Any]]:
    for call in sample:
        with suppress(ValueError, KeyError):
            document = json.loads(call[index]["data"])
            if isinstance(document, dict):
                yield document
