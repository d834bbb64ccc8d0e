"""The job: read, check, split, fit, encode, write."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError, write_reason
from smcontract.processing import read_resource_config
from smcontract.root import ContainerRoot

from preprocess import writing
from preprocess.arguments import OnBadRows, Settings
from preprocess.encoding import fit
from preprocess.outputs import StagedOutputs, remove_earlier, write_bytes, write_json
from preprocess.reading import data_files, read_file
from preprocess.report import FileReport, Report
from preprocess.rows import Rows, joined
from preprocess.schema import Schema, read_schema
from preprocess.split import split
from preprocess.validation import check

log = logging.getLogger(__name__)

# ExitMessage keeps a kilobyte; the rest is in the report.
_FAULTS_IN_MESSAGE = 3


def preprocess(settings: Settings, root: ContainerRoot, stop: StopSignal) -> None:
    """Turn the raw files into every output that `settings` ask for, all of them or none.

    Raises ContractError for whatever the caller can mend. Where rows are bad
    the report is written even so.
    """
    _refuse_clusters(root)
    remove_earlier(settings.output, writing.EVERY_NAME)
    schema = read_schema(settings.schema)
    report = Report()
    with _timed("read"):
        rows = _valid_rows(settings, schema, report, stop)
    if problem := _refusal(rows, schema, report, settings):
        _write_report_alone(settings, report)
        raise ContractError(problem)
    with _timed("split"):
        parts = {
            name: rows.taken(places) for name, places in split(rows.labels, settings.split).named().items()
        }
    report.parts = parts
    _refuse_to_go_on(stop)
    with _timed("write"):
        _write(settings, schema, parts, report, stop)
    counts = " ".join(f"{name}={len(part)}" for name, part in parts.items())
    log.info("preprocess.written %s dropped=%d", counts, report.bad_rows)
    if report.bad_rows:
        write_reason(
            root.message_file, f"{_bad_rows(report)}; they were dropped and are listed in {writing.REPORT}."
        )


def _refuse_clusters(root: ContainerRoot) -> None:
    hosts = read_resource_config(root).hosts
    if len(hosts) > 1:
        raise ContractError(
            f"this job has {len(hosts)} instances, and a split needs all rows in one place; "
            "set InstanceCount to 1."
        )


def _valid_rows(settings: Settings, schema: Schema, report: Report, stop: StopSignal) -> Rows:
    """The good rows of every file; what is bad goes into the report."""
    parts = []
    for file in data_files(settings.data):
        _refuse_to_go_on(stop)
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
    target = schema.target
    if report.bad_rows and settings.on_bad_rows is OnBadRows.FAIL:
        way_out = f"Mend them, or drop them with --on-bad-rows drop; {writing.REPORT} lists them."
        return f"{_bad_rows(report)}. {_first_faults(report)} {way_out}"
    if not len(rows):
        return f"no good row in {report.rows_read:,}. {_first_faults(report)} {writing.REPORT} lists all."
    allowed = settings.max_bad_fraction
    if allowed is not None and report.bad_rows > allowed * report.rows_read:
        return (
            f"{_bad_rows(report)}, more than --max-bad-fraction {float(allowed):g} allows. "
            f"{_first_faults(report)} {writing.REPORT} lists them."
        )
    if rows.positive in (0, len(rows)):
        only, missing = target.negative, target.positive
        if rows.positive:
            only, missing = missing, only
        return (
            f"target '{target.name}': all {len(rows):,} good rows are '{only}' and none is '{missing}'; "
            "send rows of both, or change the target's values in schema.json."
        )
    return None


def _bad_rows(report: Report) -> str:
    return f"{report.bad_rows:,} of {report.rows_read:,} rows {'is' if report.bad_rows == 1 else 'are'} bad"


def _first_faults(report: Report) -> str:
    shown = "; ".join(str(fault) for fault in report.faults[:_FAULTS_IN_MESSAGE])
    more = len(report.faults) > _FAULTS_IN_MESSAGE or report.faults_truncated
    return f"{shown}; and more." if more else f"{shown}."


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
        write_json(outputs, writing.REPORT, report.document())
        _refuse_to_go_on(stop)
        outputs.commit()


def _write_report_alone(settings: Settings, report: Report) -> None:
    with StagedOutputs(settings.output) as outputs:
        write_json(outputs, writing.REPORT, report.document())
        outputs.commit()


def _refuse_to_go_on(stop: StopSignal) -> None:
    if stop.requested:
        raise ContractError(f"stopped by {stop.name} before any output was complete; start the job again.")


@contextmanager
def _timed(step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    log.info("preprocess.step name=%s seconds=%.3f", step, time.perf_counter() - started)
