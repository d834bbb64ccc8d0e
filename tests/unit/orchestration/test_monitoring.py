from datetime import timedelta
from typing import Any

import pytest

from orchestration.errors import ProjectError
from orchestration.monitoring import Monitor, Monitoring, Retraining
from orchestration.project_file import load_project, parse_project

BANK = load_project("bank")


def bank_with(**monitoring: Any) -> Monitoring:
    """The section `monitoring` as it is read inside a project."""
    document = BANK.model_dump(mode="json", exclude_none=True) | {"monitoring": monitoring}
    read = parse_project(document, "project.yaml").monitoring
    assert read is not None
    return read


def test_bank_is_watched_each_hour_by_both_monitors_and_retrains() -> None:
    assert BANK.monitoring is not None
    assert BANK.images.monitoring == "monitor"
    for name in ("data-quality", "model-quality"):
        monitor = BANK.monitoring.monitor(name)
        assert (monitor.schedule, monitor.start_hours, monitor.end_hours) == ("cron(0 * ? * * *)", 1, 0)
    assert BANK.monitoring.retraining is not None


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [("cron(0 * ? * * *)", 1), ("cron(0 6 ? * * *)", 24), ("cron(0 0/4 ? * * *)", 4)],
)
def test_a_window_goes_back_to_the_run_before_unless_it_is_said_otherwise(schedule: str, hours: int) -> None:
    assert Monitor(schedule=schedule).start_hours == hours
    assert Monitor(schedule=schedule).starts == f"-PT{hours}H"
    assert Monitor(schedule=schedule, start_offset="-P8D", end_offset="-P1D").start_hours == 8 * 24
    assert Monitor(schedule=schedule, start_offset="-P8D", end_offset="-P1D").end_hours == 24


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 hour)",
        "cron(0 * * * ? *)",
        "cron(5 * ? * * *)",
        "cron(0 24 ? * * *)",
        "cron(0 0/25 ? * * *)",
        "NOW",
    ],
)
def test_a_schedule_that_model_monitor_would_refuse_is_refused_with_those_it_takes(schedule: str) -> None:
    # Developer guide, "Cron Expressions for Monitoring Schedules".
    with pytest.raises(ProjectError, match=r"data_quality\.schedule: .* cron\(0 \* \? \* \* \*\)"):
        bank_with(data_quality={"schedule": schedule})


@pytest.mark.parametrize("offset", ["PT1H", "-PT1D", "-P1H", "-PT1M", "an hour"])
def test_an_offset_that_is_no_number_of_hours_or_days_is_refused(offset: str) -> None:
    with pytest.raises(ProjectError, match=r"monitoring\.model_quality\.start_offset: .*write -PT1H or -P1D"):
        bank_with(model_quality={"start_offset": offset})


def test_a_window_without_an_hour_is_refused() -> None:
    with pytest.raises(ProjectError, match="the window from start_offset -PT1H to end_offset -PT1H is empty"):
        bank_with(model_quality={"start_offset": "-PT1H", "end_offset": "-PT1H"})


def test_durations_of_a_retraining_are_hours_or_days() -> None:
    retraining = Retraining(cool_down="PT6H", look_back="P30D")
    assert retraining.cool_down_time == timedelta(hours=6)
    assert retraining.look_back_time == timedelta(days=30)

    with pytest.raises(ProjectError, match=r"monitoring\.retraining\.cool_down: 'six hours' is no number"):
        bank_with(retraining={"cool_down": "six hours"})


def test_monitoring_without_an_image_is_refused_with_the_way_out() -> None:
    document = BANK.model_dump(mode="json", exclude_none=True)
    del document["images"]["monitoring"]

    with pytest.raises(ProjectError, match="add `monitoring: monitor` to images"):
        parse_project(document, "project.yaml")


def test_who_starts_the_monitors_is_one_word() -> None:
    assert bank_with(by="schedule").by == "schedule"
    with pytest.raises(ProjectError, match=r"monitoring\.by"):
        bank_with(by="cron")
