"""The job of a forecasting project: read, check, count places, arrange by series, write."""

import logging

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError, write_reason
from smcontract.root import ContainerRoot

from preprocess.arguments import Settings
from preprocess.forecasting import writing
from preprocess.forecasting.calendar import check_country, holidays_of
from preprocess.forecasting.cells import iso_day
from preprocess.forecasting.doubtful_rows import SortedRows, without_doubtful
from preprocess.forecasting.panel import Panel, build_panel
from preprocess.forecasting.places_table import PlacesTable
from preprocess.forecasting.reading import read_rows
from preprocess.forecasting.schema import ForecastSchema, parse_forecast_schema
from preprocess.outputs import StagedOutputs, remove_earlier, write_bytes, write_json
from preprocess.refusals import bad_rows_refusal, dropped_rows
from preprocess.report import REPORT, Report
from preprocess.running import refuse_clusters, refuse_to_go_on, timed
from preprocess.schema import SchemaFile

log = logging.getLogger(__name__)


def preprocess(settings: Settings, schema_file: SchemaFile, root: ContainerRoot, stop: StopSignal) -> None:
    """Turn long or wide rows into every output, all of them or none.

    Raises ContractError for whatever the caller can mend. Where rows are bad
    the report is written even so.
    """
    refuse_clusters(root)
    remove_earlier(settings.output, writing.EVERY_NAME)
    schema = parse_forecast_schema(*schema_file.read())
    if schema.holidays:
        check_country(schema.holidays)
    places = _places(settings, schema)
    report = Report()
    with timed("read"):
        rows, duplicates = _good_rows(settings, schema, report, stop)
    if problem := bad_rows_refusal(report, len(rows), settings.on_bad_rows, settings.max_bad_fraction):
        with StagedOutputs(settings.output) as outputs:
            write_json(outputs, REPORT, report.document() | {"duplicates": duplicates})
            outputs.commit()
        raise ContractError(problem)
    with timed("arrange"):
        panel = build_panel(rows, schema)
        _refuse_unknown_places(panel, places)
        holidays = holidays_of(schema.holidays, panel.first_day, panel.last_day) if schema.holidays else None
        series = writing.Series(panel, schema, holidays, places)
    refuse_to_go_on(stop)
    with timed("write"):
        _write(settings, series, _report(report, series, duplicates), stop)
    log.info("preprocess.written series=%d days=%d dropped=%d", len(panel), panel.days, report.bad_rows)
    if report.bad_rows:
        write_reason(root.message_file, dropped_rows(report))


def _places(settings: Settings, schema: ForecastSchema) -> PlacesTable | None:
    if schema.places is None:
        return None
    # Reading a map takes libraries that no other schema needs.
    from preprocess.forecasting.places import count_places

    with timed("places"):
        return count_places(settings.places, schema.places)


def _good_rows(
    settings: Settings, schema: ForecastSchema, report: Report, stop: StopSignal
) -> tuple[SortedRows, int]:
    """The rows by series and day, and how many said the same as another; what is bad goes into the report."""
    rows = read_rows(settings.data, schema, report, lambda: refuse_to_go_on(stop))
    doubts = without_doubtful(rows, schema)
    report.bad_rows += doubts.bad_rows
    wanted = report.faults_wanted
    report.faults_truncated |= len(doubts.faults) > wanted
    report.faults += doubts.faults[:wanted]
    return doubts.rows, doubts.duplicates


def _refuse_unknown_places(panel: Panel, places: PlacesTable | None) -> None:
    if places is None:
        return
    if unknown := sorted(set(panel.texts[places.column]) - set(places.counts)):
        raise ContractError(
            f"{places.column} '{unknown[0]}' has no location in schema.json"
            f"{f' (and {len(unknown) - 1} more have none)' if len(unknown) > 1 else ''}; "
            "add it to places.locations, or leave its rows out."
        )


def _report(report: Report, series: writing.Series, duplicates: int) -> dict[str, object]:
    panel = series.panel
    report.parts = {
        name: {"series": len(panel), "days": days, "rows": panel.rows_until(days)}
        for name, days in series.parts.items()
    }
    document = report.document()
    document["rows_kept"] = report.rows_read - report.bad_rows - duplicates
    return document | {
        "duplicates": duplicates,
        "missing_days": panel.missing_days,
        "closed_dates": [iso_day(day) for day in panel.closed_days],
        "series": len(panel),
        "start": iso_day(panel.first_day),
        "end": iso_day(panel.last_day),
    }


def _write(settings: Settings, series: writing.Series, report: dict[str, object], stop: StopSignal) -> None:
    with StagedOutputs(settings.output) as outputs:
        for name, days in series.parts.items():
            writing.write_lines(outputs, writing.PARTS[name], series.lines(days))
            refuse_to_go_on(stop)
        raw, encoded = series.live()
        writing.write_lines(outputs, writing.RAW_LIVE, raw)
        writing.write_lines(outputs, writing.ENCODED_LIVE, encoded)
        write_bytes(outputs, writing.BASELINE, series.baseline())
        if series.places:
            write_bytes(outputs, writing.PLACES, series.places.content())
        write_json(outputs, writing.PANEL, series.document())
        write_bytes(outputs, writing.SCHEMA, series.schema.content)
        write_json(outputs, REPORT, report)
        outputs.commit()
