"""The job: read, check, split, fit, encode, write."""

import logging

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError, write_reason
from smcontract.root import ContainerRoot

from preprocess import writing
from preprocess.arguments import Settings
from preprocess.encoding import fit
from preprocess.outputs import StagedOutputs, remove_earlier, write_bytes, write_json
from preprocess.reading import data_files, read_file
from preprocess.refusals import bad_rows_refusal, dropped_rows
from preprocess.report import REPORT, FileReport, Report
from preprocess.rows import Rows, joined
from preprocess.running import refuse_clusters, refuse_to_go_on, timed
from preprocess.schema import Schema, SchemaFile, parse_schema
from preprocess.split import split
from preprocess.validation import check

log = logging.getLogger(__name__)


def preprocess(settings: Settings, schema_file: SchemaFile, root: ContainerRoot, stop: StopSignal) -> None:
    """Turn the raw files into every output that `settings` ask for, all of them or none.

    Raises ContractError for whatever the caller can mend. Where rows are bad
    the report is written even so.
    """
    refuse_clusters(root)
    remove_earlier(settings.output, writing.EVERY_NAME)
    schema = parse_schema(*schema_file.read())
    report = Report()
    with timed("read"):
        rows = _valid_rows(settings, schema, report, stop)
    if problem := _refusal(rows, schema, report, settings):
        _write_report_alone(settings, report)
        raise ContractError(problem)
    with timed("split"):
        parts = {
            name: rows.taken(places) for name, places in split(rows.labels, settings.split).named().items()
        }
    report.parts = {name: {"rows": len(part), "positive": part.positive} for name, part in parts.items()}
    refuse_to_go_on(stop)
    with timed("write"):
        _write(settings, schema, parts, report, stop)
    counts = " ".join(f"{name}={len(part)}" for name, part in parts.items())
    log.info("preprocess.written %s dropped=%d", counts, report.bad_rows)
    if report.bad_rows:
        write_reason(root.message_file, dropped_rows(report))


def _valid_rows(settings: Settings, schema: Schema, report: Report, stop: StopSignal) -> Rows:
    """The good rows of every file; what is bad goes into the report."""
    parts = []
    for file in data_files(settings.data):
        refuse_to_go_on(stop)
        table, sha256 = read_file(file, schema.columns)
        checked = check(table, schema, report.faults_wanted)
        parts.append(checked.rows)
        report.files.append(FileReport(name=file.name, sha256=sha256, rows=table.row_count))
        report.ignored_columns.update(table.ignored_columns)
        report.faults += checked.faults
        report.faults_truncated |= checked.faults_truncated
        report.bad_rows += checked.bad_rows
        log.info("preprocess.read file=%s rows=%d bad=%d", file.name, table.row_count, checked.bad_rows)
    return joined(parts)


def _refusal(rows: Rows, schema: Schema, report: Report, settings: Settings) -> str | None:
    """Why these rows are not good enough; None when they are."""
    if problem := bad_rows_refusal(report, len(rows), settings.on_bad_rows, settings.max_bad_fraction):
        return problem
    target = schema.target
    if rows.positive in (0, len(rows)):
        only, missing = target.negative, target.positive
        if rows.positive:
            only, missing = missing, only
        return (
            f"target '{target.name}': all {len(rows):,} good rows are '{only}' and none is '{missing}'; "
            "send rows of both, or change the target's values in schema.json."
        )
    return None


def _write(
    settings: Settings, schema: Schema, parts: dict[str, Rows], report: Report, stop: StopSignal
) -> None:
    """Every output; a part without rows has no file."""
    encoder = fit(schema, parts["train"])
    with StagedOutputs(settings.output) as outputs:
        for name, rows in parts.items():
            if not len(rows):
                continue
            encoded = encoder.encode(rows)
            writing.write_labelled(outputs, writing.LABELLED[name], rows, encoded)
            if name in writing.KEYS:
                writing.write_keys(outputs, writing.KEYS[name], rows, schema)
            if name == "train":
                writing.write_baseline(outputs, writing.BASELINE, encoded)
            if name == "live":
                writing.write_raw(outputs, writing.RAW_LIVE, rows, schema)
        write_json(outputs, writing.ENCODER, encoder.document())
        write_bytes(outputs, writing.SCHEMA, schema.content)
        write_json(outputs, REPORT, report.document())
        refuse_to_go_on(stop)
        outputs.commit()


def _write_report_alone(settings: Settings, report: Report) -> None:
    with StagedOutputs(settings.output) as outputs:
        write_json(outputs, REPORT, report.document())
        outputs.commit()
