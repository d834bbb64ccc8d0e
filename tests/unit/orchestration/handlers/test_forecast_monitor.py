"""The windows of a forecasting project's monitors: rows of days, and forecasts that may be of them."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from orchestration.handlers import forecast_monitor
from orchestration.handlers.alerts import GROUND_TRUTH_MISSING, WINDOW_EMPTY, kind_of
from orchestration.handlers.forecast_monitor import forecasts_and_rows
from orchestration.handlers.monitor import Monitor, Services
from orchestration.handlers.monitored_window import NothingToMonitorError
from tests.support.objects import Objects
from tests.unit.orchestration.handlers.test_monitor import SETTINGS, WINDOW, Account

ROWS = replace(SETTINGS, ground_truth_uri="s3://bank/actuals")
# The day before the schedule's time.
DAY = {**WINDOW, "scheduled_time": "2026-01-31T06:00:00Z", "start_offset": "-PT30H", "end_offset": "-PT6H"}
OF_THE_DAY = "s3://bank/actuals/2026/01/30/rows.csv"
CALL = "s3://bank/captured/slipway-bank/AllTraffic/{hour}/00-00-001-a.jsonl"


def look(s3: Objects, monitor: str = "model-quality") -> dict[str, Any]:
    """What the step `window` is answered, with a horizon of 30 days."""
    services = Services(s3, Account(), *[Account()] * 3)
    find = partial(forecasts_and_rows, timedelta(days=30))
    return Monitor(services, ROWS, find).answer({**DAY, "monitor": monitor})


def named(s3: Objects, uri: str) -> list[Any]:
    found: list[Any] = json.loads(s3.stored["bank", uri.removeprefix("s3://bank/")])
    return found


def test_the_window_is_the_day_before_and_has_the_rows_of_that_day_alone() -> None:
    s3 = Objects()
    s3.put(OF_THE_DAY, OF_THE_DAY.replace("/30/", "/29/"), OF_THE_DAY.replace("/30/", "/31/"))
    s3.put(OF_THE_DAY.replace("rows", "more"))

    window = look(s3, "data-quality")

    assert (window["window_start"], window["window_end"]) == ("2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z")
    assert named(s3, window["captured"]) == [
        {"prefix": "s3://bank/actuals/"},
        "2026/01/30/more.csv",
        "2026/01/30/rows.csv",
    ]
    assert window["labels"] == ""


def test_forecasts_of_a_day_may_have_been_asked_for_up_to_a_horizon_before_and_at_any_time_after() -> None:
    s3 = Objects()
    s3.put(OF_THE_DAY)
    wanted = ["2025/12/31/00", "2026/01/29/23", "2026/11/26/09"]
    s3.put(*(CALL.format(hour=hour) for hour in (*wanted, "2025/12/30/23")))

    window = look(s3)

    assert named(s3, window["captured"]) == [
        {"prefix": "s3://bank/captured/"},
        *(f"slipway-bank/AllTraffic/{hour}/00-00-001-a.jsonl" for hour in wanted),
    ]
    assert named(s3, window["labels"]) == [{"prefix": "s3://bank/actuals/"}, "2026/01/30/rows.csv"]


@pytest.mark.parametrize(
    ("monitor", "objects", "kind"),
    [
        ("model-quality", [CALL.format(hour="2026/01/29/23")], GROUND_TRUTH_MISSING),
        ("model-quality", [OF_THE_DAY], WINDOW_EMPTY),
        ("data-quality", [OF_THE_DAY.replace("/30/", "/29/")], WINDOW_EMPTY),
    ],
)
def test_what_is_missing_is_told_as_what_it_is(monitor: str, objects: list[str], kind: str) -> None:
    s3 = Objects()
    s3.put(*objects)

    with pytest.raises(NothingToMonitorError) as caught:
        look(s3, monitor)

    assert kind_of(str(caught.value)) == kind
    assert "from 2026-01-30T00:00:00Z to 2026-01-31T00:00:00Z" in str(caught.value)


def test_the_entry_point_reads_the_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HORIZON_DAYS", raising=False)

    with pytest.raises(KeyError, match="HORIZON_DAYS"):
        forecast_monitor.handler(DAY, None)
