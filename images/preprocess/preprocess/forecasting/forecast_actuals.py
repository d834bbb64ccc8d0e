"""`forecast-actuals`: what an endpoint forecast, and beside it what came true."""

import csv
import io
import logging
from collections.abc import Mapping

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError, write_reason
from smcontract.root import ContainerRoot

from preprocess.forecasting.arguments import ForecastActualsSettings, Window
from preprocess.forecasting.captured_forecasts import CapturedForecasts, read_captured
from preprocess.forecasting.cells import iso_day
from preprocess.forecasting.latest_rows import latest_rows
from preprocess.forecasting.reading import read_rows
from preprocess.forecasting.rows import LongRows
from preprocess.forecasting.schema import ForecastSchema, read_forecast_schema
from preprocess.outputs import StagedOutputs, remove_earlier, write_bytes, write_json
from preprocess.reading import data_files
from preprocess.refusals import bad_rows_refusal, dropped_rows
from preprocess.report import REPORT, Report
from preprocess.running import refuse_clusters, refuse_to_go_on

log = logging.getLogger(__name__)

FORECASTS = "forecasts/forecasts.csv"

Day = tuple[str, int]


def forecast_actuals(settings: ForecastActualsSettings, root: ContainerRoot, stop: StopSignal) -> None:
    """Write a row for each series and day of the window that was forecast and is known by now.

    Raises ContractError for whatever the caller can mend, and where there is no such row.
    """
    refuse_clusters(root)
    remove_earlier(settings.output, [FORECASTS, REPORT])
    schema = read_forecast_schema(settings.schema)
    report = Report()
    _refuse_nothing(settings)
    rows = read_rows(settings.actuals, schema, report, lambda: refuse_to_go_on(stop))
    captured = read_captured(settings.captured)
    refuse_to_go_on(stop)
    problem = bad_rows_refusal(report, len(rows), settings.on_bad_rows, None)
    actuals = {} if problem else _actuals(rows, schema, settings.window)
    forecasts = {day: each for day, each in captured.by_day.items() if day[1] in settings.window}
    joined = sorted(forecasts.keys() & actuals.keys())
    with StagedOutputs(settings.output) as outputs:
        if joined:
            write_bytes(outputs, FORECASTS, _table(joined, captured, actuals))
        document = report.document() | {
            "calls": captured.calls,
            "left_out": dict(captured.left_out.most_common()),
            "joined": len(joined),
            "joined_and_made_after_the_day": sum(not forecasts[day].is_before(day[1]) for day in joined),
            "forecasts_without_actual": len(forecasts) - len(joined),
            "actuals_without_forecast": len(actuals) - len(joined),
        }
        write_json(outputs, REPORT, document)
        outputs.commit()
    if problem or not joined:
        raise ContractError(problem or _no_ground_truth(settings.window, len(forecasts), len(actuals)))
    log.info("forecast_actuals.written rows=%d calls=%d", len(joined), captured.calls)
    if report.bad_rows:
        write_reason(root.message_file, dropped_rows(report))


def _refuse_nothing(settings: ForecastActualsSettings) -> None:
    """A day without sales or without requests is no fault of the inputs: it has no truth yet."""
    for folder, lacking in (
        (settings.actuals, "there is no actual row"),
        (settings.captured, "no call was captured"),
    ):
        try:
            data_files(folder)
        except ContractError as error:
            raise ContractError(f"no ground truth found {settings.window}: {lacking}; {error}") from error


def _actuals(rows: LongRows, schema: ForecastSchema, window: Window) -> dict[Day, str]:
    """What came true by series and day; of several rows of a day the last one."""
    latest = latest_rows(rows, 0, schema)
    target = latest.rows.numbers[:, -1]
    return {
        (latest.item_ids[series], day): str(int(value)) if schema.target.integral else repr(value)
        for series, day, value in zip(
            latest.series.tolist(), latest.rows.days.tolist(), target.tolist(), strict=True
        )
        if day in window
    }


def _table(joined: list[Day], captured: CapturedForecasts, actuals: Mapping[Day, str]) -> bytes:
    """CSV with a header; a level that a forecast has no quantile of is an empty cell."""
    forecasts = [captured.by_day[day] for day in joined]
    levels = sorted({level for each in forecasts for level in each.quantiles}, key=float)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    header = ["item_id", "date", "forecast_made_at", "mean", *(f"q{level}" for level in levels), "actual"]
    writer.writerow(header)
    for (item_id, day), each in zip(joined, forecasts, strict=True):
        quantiles = [each.quantiles.get(level, "") for level in levels]
        mean = "" if each.mean is None else each.mean
        writer.writerow([item_id, iso_day(day), each.made_at, mean, *quantiles, actuals[item_id, day]])
    return text.getvalue().encode()


def _no_ground_truth(window: Window, forecasts: int, actuals: int) -> str:
    if not forecasts:
        return (
            f"no ground truth found {window}: none of these days was forecast ({actuals:,} actual rows); "
            "ask the endpoint for them while it captures, or give another window."
        )
    return (
        f"no ground truth found {window}: no actual row ({actuals:,}) is of a series and day that was "
        f"forecast ({forecasts:,}); give the rows of those days, with keys as the forecasts name them."
    )
