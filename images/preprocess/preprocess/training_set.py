"""`training-set`: the rows of a first training, and captured rows with what came true of them."""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError, write_reason
from smcontract.root import ContainerRoot

from preprocess.decoding import Decoder, NotDecodableError, read_decoders
from preprocess.faults import SHOWN_CHARACTERS
from preprocess.merged_lines import LabelledRecord, LeftOutError, labelled_records, read_merged
from preprocess.outputs import StagedOutputs, remove_earlier, write_bytes, write_json
from preprocess.raw_table import RawTable
from preprocess.reading import data_files, read_file
from preprocess.report import FileReport
from preprocess.rows import Rows, joined
from preprocess.schema import Schema, read_schema
from preprocess.training_set_arguments import TrainingSetSettings
from preprocess.validation import check
from preprocess.writing import raw_csv

log = logging.getLogger(__name__)

ROWS = "rows/training-set.csv"
REPORT = "report/training-set.json"
REPORT_VERSION = 1
EXAMPLE_LIMIT = 100
# So many lines may pass between two looks at whether the job was told to stop.
_LOOK_LINES = 10_000
_REASONS_IN_MESSAGE = 3


@dataclass(slots=True)
class Captured:
    """What has become of the merged lines so far."""

    calls: int = 0
    encoded: int = 0
    named: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, object]] = field(default_factory=list)

    def leave_out(self, where: str, reason: str, column: str | None = None, value: str | None = None) -> None:
        """Count a call or a record that becomes no row."""
        self.reasons[reason if column is None else f"column '{column}' {reason}"] += 1
        if len(self.examples) < EXAMPLE_LIMIT:
            shown = None if value is None else value[:SHOWN_CHARACTERS]
            self.examples.append({"where": where, "column": column, "value": shown, "reason": reason})

    @property
    def left_out(self) -> int:
        """How many there are of those."""
        return self.reasons.total()


def training_set(settings: TrainingSetSettings, root: ContainerRoot, stop: StopSignal) -> None:
    """Write base rows and captured ones into one CSV file, and the report.

    Raises ContractError for whatever the caller can mend; where captured rows
    are too few the report is written even so.
    """
    remove_earlier(settings.output, (ROWS, REPORT))
    schema = read_schema(settings.schema)
    base, files = _base(settings, schema)
    captured = Captured()
    rows = _captured_rows(settings, schema, captured, stop)
    report = _report(base, files, rows, captured)
    with StagedOutputs(settings.output) as outputs:
        if len(rows) < settings.minimum_rows:
            write_json(outputs, REPORT, report)
            outputs.commit()
            raise ContractError(_too_few(rows, captured, settings.minimum_rows))
        everything = joined([base, rows])
        content = raw_csv(everything, schema)
        digest = hashlib.sha256(content).hexdigest()
        write_bytes(outputs, ROWS, content)
        write_json(
            outputs,
            REPORT,
            report | {"rows": len(everything), "positive": everything.positive, "sha256": digest},
        )
        _refuse_to_go_on(stop)
        outputs.commit()
    log.info("training_set.written base=%d captured=%d left_out=%d", len(base), len(rows), captured.left_out)
    told = f"{len(base):,} rows of the base and {len(rows):,} captured ones with their labels"
    write_reason(root.message_file, f"{told}{_left_out(captured)}.")


def _base(settings: TrainingSetSettings, schema: Schema) -> tuple[Rows, list[FileReport]]:
    """The good rows of the base. A job that trained on it has dropped the others, or they are none."""
    parts, files = [], []
    for file in data_files(settings.base):
        table, sha256 = read_file(file, schema.columns)
        parts.append(check(table, schema, fault_limit=0).rows)
        files.append(FileReport(file.name, sha256, table.row_count))
    return joined(parts), files


def _captured_rows(
    settings: TrainingSetSettings, schema: Schema, captured: Captured, stop: StopSignal
) -> Rows:
    """The rows of all merged lines that fit the schema, one for each id."""
    decoders = read_decoders(settings.encoder)
    places: list[str] = []
    cells: dict[str, list[str]] = {column: [] for column in schema.columns}
    for where, row in _decoded_rows(settings, schema, decoders, captured, stop):
        places.append(where)
        for column, column_cells in cells.items():
            # A feature that was not sent at all is empty, which the schema may allow.
            column_cells.append(row.get(column, ""))
    return _fitting(places, cells, schema, captured)


def _decoded_rows(
    settings: TrainingSetSettings,
    schema: Schema,
    decoders: Mapping[str, Decoder],
    captured: Captured,
    stop: StopSignal,
) -> Iterator[tuple[str, dict[str, str]]]:
    columns = frozenset(schema.columns) - {schema.target.name}
    seen: set[tuple[str, int]] = set()
    for where, line in read_merged(settings.merged):
        if captured.calls % _LOOK_LINES == 0:
            _refuse_to_go_on(stop)
        captured.calls += 1
        try:
            records = labelled_records(line, columns)
        except LeftOutError as error:
            captured.leave_out(where, str(error))
            continue
        for number, record in enumerate(records):
            if (record.event_id, number) in seen:
                captured.leave_out(where, "has the inference id of an earlier call")
                continue
            seen.add((record.event_id, number))
            try:
                yield where, _raw(record, decoders, captured) | {schema.target.name: record.label}
            except LeftOutError as error:
                captured.leave_out(where, str(error))
            except NotDecodableError as error:
                captured.leave_out(where, str(error), error.column, error.value)


def _raw(record: LabelledRecord, decoders: Mapping[str, Decoder], captured: Captured) -> dict[str, str]:
    """The record's cells by column. Raises LeftOutError and NotDecodableError."""
    if isinstance(record.record, dict):
        captured.named += 1
        return record.record
    captured.encoded += 1
    if record.encoder_sha256 is None and len(decoders) == 1:
        (decoder,) = decoders.values()
    elif record.encoder_sha256 is None:
        raise LeftOutError("is encoded and does not say by which of several encoders")
    elif (found := decoders.get(record.encoder_sha256)) is None:
        raise LeftOutError("is encoded by an encoder that is not here")
    else:
        decoder = found
    return decoder.decoded(record.record)


def _fitting(places: list[str], cells: Mapping[str, list[str]], schema: Schema, captured: Captured) -> Rows:
    """The rows that the schema allows; of the others the first fault is what they are counted by."""
    table = RawTable(
        name="captured",
        columns={
            name: pa.chunked_array([pa.array(column, type=pa.string())]) for name, column in cells.items()
        },
        lines=np.arange(len(places), dtype=np.int64),
        malformed=[],
        ignored_columns=(),
    )
    checked = check(table, schema, fault_limit=len(places) * len(schema.columns))
    told: set[int] = set()
    for fault in checked.faults:
        if fault.line not in told:
            told.add(fault.line)
            captured.leave_out(places[fault.line], fault.reason, fault.column, fault.value)
    return checked.rows


def _report(base: Rows, files: list[FileReport], rows: Rows, captured: Captured) -> dict[str, object]:
    return {
        "version": REPORT_VERSION,
        "base": {
            "files": [{"name": file.name, "sha256": file.sha256, "rows": file.rows} for file in files],
            "rows": len(base),
            "left_out": sum(file.rows for file in files) - len(base),
        },
        "captured": {
            "calls": captured.calls,
            "rows": len(rows),
            "positive": rows.positive,
            "encoded": captured.encoded,
            "named": captured.named,
            "left_out": captured.left_out,
            "reasons": dict(captured.reasons.most_common()),
            "examples": captured.examples,
        },
    }


def _too_few(rows: Rows, captured: Captured, needed: int) -> str:
    return (
        f"{len(rows):,} captured rows with a label fit, and --minimum-rows asks for {needed:,}"
        f"{_left_out(captured)}. Wait for more labels, or ask for fewer; {REPORT} has examples."
    )


def _left_out(captured: Captured) -> str:
    if not captured.left_out:
        return ""
    common = captured.reasons.most_common(_REASONS_IN_MESSAGE)
    more = "; and more" if len(captured.reasons) > len(common) else ""
    told = "; ".join(f"{count:,} {reason}" for reason, count in common)
    return f"; left out: {told}{more}"


def _refuse_to_go_on(stop: StopSignal) -> None:
    if stop.requested:
        raise ContractError(f"stopped by {stop.name} before any output was complete; start the job again.")
