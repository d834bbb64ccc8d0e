"""Alerts of monitoring schedules: what raises them, what ends them, and what is remembered of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.monitoring import ENDPOINT, FIRST_START, HOUR_SECONDS, SCHEDULE, MonitoringPlane, inline
from tests.support.registry import refused

CLEAN = "Completed: Job completed successfully with no violations."
VIOLATED = "CompletedWithViolations: Job completed successfully with 3 violations."


class Watch(MonitoringPlane):
    """A schedule that starts every hour, and finds what a test says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.watched()
        self.captured(*(f"2023/11/{14 + hour // 24}/{hour % 24:02d}" for hour in range(22, 48)))
        self.create()
        self.work()
        self.starts = 0

    def run(self, *messages: str | None) -> None:
        """Let an hour pass for each message, which its job leaves; without one the job fails."""
        for message in messages:
            self.begin()
            status = "Failed" if message is None else "Completed"
            self.end(self.jobs()[-1], status, message)
            self.work()

    def begin(self) -> None:
        """Let an hour pass; its job is under way."""
        self.clock.seconds = FIRST_START + self.starts * HOUR_SECONDS
        self.starts += 1
        self.work()

    def alert(self, name: str = SCHEDULE) -> Any:
        """The schedule's alert."""
        (found,) = self.sagemaker.list_monitoring_alerts(MonitoringScheduleName=name)[
            "MonitoringAlertSummaries"
        ]
        return found

    def change(self, datapoints: int, period: int) -> None:
        """Have an alert raised by other numbers."""
        self.sagemaker.update_monitoring_alert(
            MonitoringScheduleName=SCHEDULE,
            MonitoringAlertName=self.alert()["MonitoringAlertName"],
            DatapointsToAlert=datapoints,
            EvaluationPeriod=period,
        )

    def history(self, **parameters: Any) -> list[tuple[str, float]]:
        """Status and hour of each change, as listed."""
        found = self.sagemaker.list_monitoring_alert_history(**parameters)["MonitoringAlertHistory"]
        return [
            (each["AlertStatus"], (each["CreationTime"].timestamp() - FIRST_START) / HOUR_SECONDS)
            for each in found
        ]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_a_schedule_has_an_alert_from_the_beginning(watch: Watch) -> None:
    alert = watch.alert()

    created = watch.described()["CreationTime"]
    assert alert == {
        "MonitoringAlertName": SCHEDULE,
        "CreationTime": created,
        "LastModifiedTime": created,
        "AlertStatus": "OK",
        "DatapointsToAlert": 1,
        "EvaluationPeriod": 1,
        "Actions": {"ModelDashboardIndicator": {"Enabled": True}},
    }
    assert watch.history() == []


def test_violations_raise_the_alert_and_a_clean_execution_ends_it(watch: Watch) -> None:
    watch.run(CLEAN, VIOLATED)
    raised = watch.alert()["AlertStatus"]
    watch.run(VIOLATED, CLEAN)

    assert (raised, watch.alert()["AlertStatus"]) == ("InAlert", "OK")
    # API reference, ListMonitoringAlertHistory: the latest first, if nobody says otherwise.
    assert watch.history() == [("OK", 3), ("InAlert", 1)]


def test_the_guides_example_is_as_the_guide_says(watch: Watch) -> None:
    watch.change(2, 3)

    statuses = []
    for message in (VIOLATED, VIOLATED, CLEAN, CLEAN, VIOLATED, CLEAN, VIOLATED):
        watch.run(message)
        statuses.append(watch.alert()["AlertStatus"])

    # Developer guide, "View and edit alerts": 2 failures among the last 3, and a window that is not
    # full yet counts as well.
    assert statuses == ["OK", "InAlert", "InAlert", "OK", "OK", "OK", "InAlert"]


def test_who_asks_late_sees_what_each_execution_brought(watch: Watch) -> None:
    watch.run(VIOLATED, CLEAN, VIOLATED)

    assert watch.history() == [("InAlert", 2), ("OK", 1), ("InAlert", 0)]
    assert watch.alert()["AlertStatus"] == "InAlert"


def test_an_execution_that_failed_leaves_the_alert_as_it_was(watch: Watch) -> None:
    watch.run(VIOLATED, None)

    assert watch.alert()["AlertStatus"] == "InAlert"


def test_an_execution_under_way_counts_once_it_has_ended(watch: Watch) -> None:
    watch.run(VIOLATED)
    watch.begin()
    before = watch.alert()["AlertStatus"]
    watch.end(watch.jobs()[-1], "Completed", CLEAN)
    watch.work()

    assert (before, watch.alert()["AlertStatus"]) == ("InAlert", "OK")


def test_other_numbers_count_from_the_next_execution_on(watch: Watch) -> None:
    watch.run(VIOLATED, CLEAN)
    watch.change(1, 2)
    before = watch.alert()
    watch.run(CLEAN)
    watch.run(VIOLATED, CLEAN)

    assert before["AlertStatus"] == "OK"
    assert (before["DatapointsToAlert"], before["EvaluationPeriod"]) == (1, 2)
    assert before["LastModifiedTime"].timestamp() == FIRST_START + HOUR_SECONDS
    assert watch.alert()["AlertStatus"] == "InAlert"
    assert [status for status, _ in watch.history()] == ["InAlert", "OK", "InAlert"]


def test_the_history_is_filtered_and_comes_in_pages(watch: Watch) -> None:
    watch.run(VIOLATED, CLEAN, VIOLATED)

    raised = watch.history(StatusEquals="InAlert", SortOrder="Ascending")
    page = watch.sagemaker.list_monitoring_alert_history(MonitoringScheduleName=SCHEDULE, MaxResults=2)
    rest = watch.history(MonitoringScheduleName=SCHEDULE, MaxResults=2, NextToken=page["NextToken"])

    assert raised == [("InAlert", 0), ("InAlert", 2)]
    assert rest == [("InAlert", 0)]
    assert watch.history(MonitoringAlertName="another") == []


def test_a_history_is_kept_over_a_restart_and_counted_once(watch: Watch, tmp_path: Path) -> None:
    watch.run(VIOLATED)
    before = watch.history()

    again = MonitoringPlane(tmp_path)

    after = again.sagemaker.list_monitoring_alert_history()["MonitoringAlertHistory"]
    assert before == [("InAlert", 0)]
    assert [each["AlertStatus"] for each in after] == ["InAlert"]


def test_an_alert_goes_with_its_schedule_and_a_new_one_begins_anew(watch: Watch) -> None:
    watch.run(VIOLATED)
    watch.alert()
    watch.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    gone = watch.history()
    watch.clock.move(1)
    watch.create(config=inline())

    assert gone == []
    assert watch.alert()["AlertStatus"] == "OK"


def test_schedules_and_alerts_that_are_not_there_are_named(watch: Watch) -> None:
    client = watch.client()
    numbers = {"DatapointsToAlert": 1, "EvaluationPeriod": 1}

    for call, parameters in (
        (client.list_monitoring_alerts, {}),
        (client.list_monitoring_alert_history, {}),
        (client.update_monitoring_alert, {"MonitoringAlertName": "x", **numbers}),
    ):
        code, text = refused(call, MonitoringScheduleName="nobody", **parameters)
        assert (code, text[-17:]) == ("ResourceNotFound", "/nobody not found")
    code, text = refused(
        client.update_monitoring_alert, MonitoringScheduleName=SCHEDULE, MonitoringAlertName="x", **numbers
    )
    assert code == "ResourceNotFound"
    assert f"its alert is called '{SCHEDULE}'" in text


def test_numbers_that_nothing_could_reach_are_refused(watch: Watch) -> None:
    code, text = refused(
        watch.client().update_monitoring_alert,
        MonitoringScheduleName=SCHEDULE,
        MonitoringAlertName=SCHEDULE,
        DatapointsToAlert=3,
        EvaluationPeriod=2,
    )

    assert code == "ValidationException"
    assert "DatapointsToAlert 3 is more than EvaluationPeriod 2" in text
    assert watch.alert()["DatapointsToAlert"] == 1
    assert watch.described()["EndpointName"] == ENDPOINT
