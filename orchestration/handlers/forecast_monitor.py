"""What surrounds an analysis of forecasts and of the rows that came: a window of days and what lies in it.

All else is as for any monitor. Rows that came true lie below the day that they are of, and
forecasts of that day in calls captured since the first that could have told of it.
"""

import os
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from orchestration.handlers.monitor import Document, Services, Settings, answered
from orchestration.handlers.monitored_window import (
    MODEL_QUALITY,
    MonitoredWindow,
    NothingToMonitorError,
)
from orchestration.handlers.windows import Window, captured_keys, day_keys, write_manifest

# A forecast counts by the days that it is of, whenever it was asked for: of past days too, for which
# a model that knows no more of them may be asked.
ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)


def handler(event: Document, _context: object) -> Document:
    """The entry point: what was done, which is also the line in the log."""
    horizon = timedelta(days=int(os.environ["HORIZON_DAYS"]))
    return answered(event, os.environ, partial(forecasts_and_rows, horizon))


def forecasts_and_rows(
    horizon: timedelta,
    services: Services,
    settings: Settings,
    event: Document,
    found: MonitoredWindow,
    folder: str,
) -> Document:
    """The rows of the window's days and, for how good the forecasts were, calls that may be of them.

    Raises NothingToMonitorError.
    """
    rows = day_keys(services.s3, settings.ground_truth_uri, found.window)
    is_model_quality = event["monitor"] == MODEL_QUALITY
    if not rows:
        reason = "no ground truth found" if is_model_quality else "Job inputs had no data"
        raise NothingToMonitorError(
            f"{reason} {found.window}: {settings.ground_truth_uri} holds no rows of these days. "
            "They are put below their day, yyyy/mm/dd, as CSV with a header."
        )
    if not is_model_quality:
        return {"captured": _manifest(services.s3, settings.ground_truth_uri, rows, folder), "labels": ""}
    calls = captured_keys(
        services.s3, settings.captured_uri, settings.endpoint, Window(found.window.start - horizon, ALWAYS)
    )
    if not calls:
        raise NothingToMonitorError(f"Job inputs had no data: no forecast was asked for {found.window}.")
    labels = f"{folder}/actuals.manifest"
    return {
        "captured": _manifest(services.s3, settings.captured_uri, calls, folder),
        "labels": write_manifest(services.s3, labels, f"{settings.ground_truth_uri}/", rows),
    }


def _manifest(s3: Any, uri: str, keys: list[str], folder: str) -> str:
    return write_manifest(s3, f"{folder}/captured.manifest", f"{uri.rstrip('/')}/", keys)
