"""`append`: earlier rows and newer ones as one file, for a training that knows both."""

import csv
import io
import logging

import numpy as np
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError, write_reason
from smcontract.root import ContainerRoot

from preprocess.forecasting.arguments import AppendSettings
from preprocess.forecasting.cells import iso_day
from preprocess.forecasting.latest_rows import LatestRows, latest_rows
from preprocess.forecasting.reading import read_rows
from preprocess.forecasting.rows import LongRows, joined_rows
from preprocess.forecasting.schema import ForecastSchema, read_forecast_schema
from preprocess.outputs import StagedOutputs, remove_earlier, write_json
from preprocess.refusals import bad_rows_refusal, dropped_rows
from preprocess.report import REPORT, Report
from preprocess.running import refuse_clusters, refuse_to_go_on, timed

log = logging.getLogger(__name__)

ROWS = "data/rows.csv"


def append(settings: AppendSettings, root: ContainerRoot, stop: StopSignal) -> None:
    """Write the rows of both folders, by series and day; of several of a day the last that was read.

    Newer rows are read after the earlier ones, files in order of their names.
    Raises ContractError for whatever the caller can mend.
    """
    refuse_clusters(root)
    remove_earlier(settings.output, [ROWS, REPORT])
    schema = read_forecast_schema(settings.schema)
    report = Report()

    def go_on() -> None:
        refuse_to_go_on(stop)

    with timed("read"):
        earlier = read_rows(settings.data, schema, report, go_on, prefix="data/")
        newer = read_rows(settings.actuals, schema, report, go_on, prefix="actuals/")
    problem = bad_rows_refusal(report, len(newer), settings.on_bad_rows, None)
    if problem is None:
        rows = joined_rows([earlier, newer])
        with timed("append"):
            latest = latest_rows(rows, len(earlier), schema)
        document = _report(report, latest)
    else:
        document = report.document()
    with StagedOutputs(settings.output) as outputs:
        if problem is None:
            _write(outputs, latest.rows, schema)
        write_json(outputs, REPORT, document)
        go_on()
        outputs.commit()
    if problem is not None:
        raise ContractError(problem)
    log.info("append.written rows=%d added=%d replaced=%d", len(latest.rows), latest.added, latest.replaced)
    if report.bad_rows:
        write_reason(root.message_file, dropped_rows(report))


def _report(report: Report, latest: LatestRows) -> dict[str, object]:
    document = report.document()
    document["parts"] = {"data": {"series": len(latest.item_ids), "rows": len(latest.rows)}}
    document["rows_kept"] = len(latest.rows)
    return document | {
        "added": latest.added,
        "replaced": latest.replaced,
        "unchanged": latest.unchanged,
        "start": iso_day(latest.rows.days.min()),
        "end": iso_day(latest.rows.days.max()),
    }


def _write(outputs: StagedOutputs, rows: LongRows, schema: ForecastSchema) -> None:
    """CSV with a header, `,` and decimal points."""
    columns: dict[str, list[str] | list[int] | list[float]] = {
        schema.timestamp: [iso_day(day) for day in rows.days.tolist()]
    }
    columns |= {name: rows.texts[name].to_pylist() for name in schema.texts}
    for place, feature in enumerate(schema.numbers):
        numbers = rows.numbers[:, place]
        columns[feature.name] = (numbers.astype(np.int64) if feature.integral else numbers).tolist()
    with outputs.file(ROWS) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(schema.columns)
        writer.writerows(zip(*(columns[name] for name in schema.columns), strict=True))
        text.detach()
