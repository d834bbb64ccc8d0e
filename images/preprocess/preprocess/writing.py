"""The files that training, serving and monitoring take over."""

import csv
import io
import json
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from preprocess.outputs import StagedOutputs
from preprocess.rows import Rows
from preprocess.schema import NumericFeature, Schema

REPORT = "report/report.json"
RAW_LIVE = "live/live.csv"
ENCODED_LIVE = "live/encoded.csv"
BASELINE = "baseline/baseline.csv"
ENCODER = "encoder/encoder.json"
SCHEMA = "schema/schema.json"
LABELLED = {
    "train": "train/train.csv",
    "validation": "validation/validation.csv",
    "test": "test/test.csv",
    "live": ENCODED_LIVE,
}
EVERY_NAME = (*LABELLED.values(), RAW_LIVE, BASELINE, ENCODER, SCHEMA, REPORT)


def write_labelled(outputs: StagedOutputs, name: str, rows: Rows, encoded: pa.Table) -> None:
    """CSV without a header, the label first: what SageMaker's XGBoost takes."""
    with outputs.file(name) as stream:
        _write_table(stream, encoded.add_column(0, "label", pa.array(rows.labels)), has_header=False)


def write_baseline(outputs: StagedOutputs, name: str, encoded: pa.Table) -> None:
    """CSV with a header and without the label: what an endpoint's captured inputs are held against."""
    with outputs.file(name) as stream:
        _write_table(stream, encoded, has_header=True)


def write_raw(outputs: StagedOutputs, name: str, rows: Rows, schema: Schema) -> None:
    """CSV of the rows as they were before encoding: a header, the features, the target."""
    with outputs.file(name) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(schema.columns)
        writer.writerows(zip(*_raw_columns(rows, schema), strict=True))
        text.detach()


def write_json(outputs: StagedOutputs, name: str, document: dict[str, object]) -> None:
    """JSON that is pleasant to read, and the same for the same document."""
    with outputs.file(name) as stream:
        stream.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n")


def write_bytes(outputs: StagedOutputs, name: str, content: bytes) -> None:
    """A copy of what was read."""
    with outputs.file(name) as stream:
        stream.write(content)


def _write_table(stream: BinaryIO, table: pa.Table, has_header: bool) -> None:
    # Arrow writes a float32 with the fewest digits that read back as the same
    # float32, and null as nothing. Neither numbers nor legal feature names need quotes.
    options = pa_csv.WriteOptions(include_header=has_header, quoting_style="none", quoting_header="none")
    pa_csv.write_csv(table, stream, options)


def _raw_columns(rows: Rows, schema: Schema) -> list[list[str]]:
    columns = []
    places = {"numbers": 0, "codes": 0}
    for feature in schema.features:
        if isinstance(feature, NumericFeature):
            columns.append(_number_texts(rows.numbers[:, places["numbers"]], feature))
            places["numbers"] += 1
        else:
            values = (*feature.values, "")  # the place of an empty cell is -1
            columns.append([values[code] for code in rows.codes[:, places["codes"]].tolist()])
            places["codes"] += 1
    target = schema.target
    columns.append([target.positive if label else target.negative for label in rows.labels.tolist()])
    return columns


def _number_texts(
    numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]", feature: NumericFeature
) -> list[str]:
    if feature.integral:
        return ["" if number != number else str(int(number)) for number in numbers.tolist()]
    return ["" if number != number else repr(number) for number in numbers.tolist()]
