"""The files that training, serving and monitoring take over."""

import csv
import io
from typing import BinaryIO, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from preprocess.combinations import SEPARATOR, key_lines
from preprocess.outputs import StagedOutputs
from preprocess.report import REPORT
from preprocess.rows import Rows
from preprocess.schema import CategoricalFeature, NumericFeature, Schema

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
# The categories of the rows in the same place of `LABELLED`, as feature stores know them.
KEYS = {"train": "keys/train.csv", "validation": "keys/validation.csv"}
EVERY_NAME = (*LABELLED.values(), *KEYS.values(), RAW_LIVE, BASELINE, ENCODER, SCHEMA, REPORT)


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
        _write_raw(text, rows, schema)
        text.detach()


def raw_csv(rows: Rows, schema: Schema) -> bytes:
    """What `write_raw` writes."""
    text = io.StringIO(newline="")
    _write_raw(text, rows, schema)
    return text.getvalue().encode()


def write_keys(outputs: StagedOutputs, name: str, rows: Rows, schema: Schema) -> None:
    """CSV of one column without a header: the categories of each row, joined as record identifiers are."""
    columns = [_category_texts(rows, place, feature) for place, feature in enumerate(schema.categorical)]
    keys = map(SEPARATOR.join, zip(*columns, strict=True)) if columns else [""] * len(rows)
    with outputs.file(name) as stream:
        stream.write(key_lines(keys))


def _write_raw(text: TextIO, rows: Rows, schema: Schema) -> None:
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(schema.columns)
    writer.writerows(zip(*_raw_columns(rows, schema), strict=True))


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
            columns.append(_category_texts(rows, places["codes"], feature))
            places["codes"] += 1
    target = schema.target
    columns.append([target.positive if label else target.negative for label in rows.labels.tolist()])
    return columns


def _category_texts(rows: Rows, place: int, feature: CategoricalFeature) -> list[str]:
    values = (*feature.values, "")  # the place of an empty cell is -1
    return [values[code] for code in rows.codes[:, place].tolist()]


def _number_texts(
    numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]", feature: NumericFeature
) -> list[str]:
    if feature.integral:
        return ["" if number != number else str(int(number)) for number in numbers.tolist()]
    return ["" if number != number else repr(number) for number in numbers.tolist()]
