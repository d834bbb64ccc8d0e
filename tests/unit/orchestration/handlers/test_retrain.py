"""Whether violations start a retraining, by the control plane's own account of earlier ones."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.handlers import retrain
from orchestration.handlers.labelled_rows import Sources
from orchestration.handlers.retrain import Limits, Retraining, Settings, refusal
from tests.support.control_plane import ControlPlane
from tests.support.pipeline_plane import ROLE, PipelinePlane, definition

PIPELINE = "slipway-bank-retraining"
SOURCES = Sources(
    endpoint_name="slipway-bank",
    captured_uri="s3://slipway-bank/captured",
    ground_truth_uri="s3://slipway-bank/ground-truth",
    windows_uri="s3://slipway-bank/monitoring/windows",
    model_package_group_name="slipway-bank",
    training_pipeline_name="slipway-bank-training",
    look_back=timedelta(days=30),
)
SETTINGS = Settings("bank", PIPELINE, Limits(timedelta(hours=6), 4))
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def at(hour: int, day: int = 26) -> str:
    return f"2026-11-{day}T{hour:02}:00:00Z"


@dataclass
class Events:
    """A bus that keeps what it is given."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.entries += Entries
        return {
            "FailedEntryCount": self.refused,
            "Entries": [{"ErrorCode": "ThrottlingException"}] * self.refused,
        }


@dataclass
class Loop:
    """A retraining pipeline whose executions end when the test says so."""

    pipelines: PipelinePlane
    client: Any
    events: Events = field(default_factory=Events)

    def decide(self, window_end: str, monitor: str = "data-quality") -> Any:
        detail = {"project": "bank", "endpoint": "slipway-bank", "monitor": monitor, "window_end": window_end}
        return Retraining(self.client, self.events, SETTINGS).decide(detail | {"violations": []})

    def executions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.list_pipeline_executions(PipelineName=PIPELINE)[
            "PipelineExecutionSummaries"
        ]
        return found

    def ended(self, window_end: str, status: str) -> None:
        """A retraining that has come to this end."""
        outcome = self.decide(window_end)
        assert outcome["action"] == "start", outcome
        self.pipelines.end(outcome["execution_arn"], status)


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    plane = ControlPlane(tmp_path)
    pipelines = PipelinePlane(plane)
    client = plane.client()
    parameter = {"Name": "WindowEnd", "Type": "String"}
    client.create_pipeline(
        PipelineName=PIPELINE,
        PipelineDefinition=definition(parameters=[parameter]),
        RoleArn=ROLE,
        ClientRequestToken="a" * 32,
    )
    return Loop(pipelines, client)


def test_violations_start_a_retraining_up_to_their_window_s_end(loop: Loop) -> None:
    outcome = loop.decide(at(12))

    (execution,) = loop.executions()
    assert outcome == {
        "action": "start",
        "window_end": at(12),
        "execution_arn": execution["PipelineExecutionArn"],
    }
    given = loop.client.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )["PipelineParameters"]
    assert given == [{"Name": "WindowEnd", "Value": at(12)}]
    assert loop.events.entries == []


def test_both_monitors_violations_of_an_hour_are_one_retraining(loop: Loop) -> None:
    loop.decide(at(12), "data-quality")

    outcome = loop.decide(at(12), "model-quality")

    assert outcome["action"] == "nothing"
    assert len(loop.executions()) == 1
    # It is under way, so nothing was skipped.
    assert loop.events.entries == []


def test_two_calls_that_do_not_see_each_other_start_one(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    # Both have listed the executions before either has started one.
    monkeypatch.setattr(Retraining, "_started", lambda _: {})

    first, second = loop.decide(at(12)), loop.decide(at(12), "model-quality")

    assert first["execution_arn"] == second["execution_arn"]
    assert len(loop.executions()) == 1


def test_a_retraining_cools_down_before_the_next_and_the_refusal_is_told(loop: Loop) -> None:
    loop.ended(at(12), "Succeeded")

    outcome = loop.decide(at(17))

    reason = f"there is a retraining up to {at(12)}; the next one may be up to {at(18)} (cool_down)"
    assert (outcome["action"], outcome["reason"]) == ("skip", reason)
    (entry,) = loop.events.entries
    assert (entry["Source"], entry["DetailType"]) == ("slipway.monitoring", "Retraining Skipped")
    assert json.loads(entry["Detail"]) == {
        "project": "bank",
        "endpoint": "slipway-bank",
        "monitor": "data-quality",
        "window_end": at(17),
        "reason": reason,
    }
    assert loop.decide(at(18))["action"] == "start"


def test_violations_of_an_earlier_window_that_come_late_start_nothing(loop: Loop) -> None:
    loop.ended(at(12), "Succeeded")

    assert loop.decide(at(3))["action"] == "skip"


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_retraining_without_a_result_may_be_tried_again_until_the_day_s_ceiling(
    loop: Loop, status: str
) -> None:
    for hour in range(4):
        loop.ended(at(hour), status)

    outcome = loop.decide(at(4))

    assert outcome["action"] == "skip"
    assert outcome["reason"] == (
        f"there have been 4 retrainings in the 24 hours before {at(4)}, and 4 are allowed (per_day)"
    )
    # The first of them is a day old then.
    assert loop.decide(at(0, day=27))["action"] == "start"


def test_what_somebody_starts_by_hand_counts_for_nothing(loop: Loop) -> None:
    for name in ("by-hand", "until-tomorrow"):
        loop.client.start_pipeline_execution(
            PipelineName=PIPELINE,
            PipelineExecutionDisplayName=name,
            PipelineParameters=[{"Name": "WindowEnd", "Value": at(12)}],
        )

    assert loop.decide(at(12))["action"] == "start"


def test_an_event_that_the_bus_refuses_fails_the_call(loop: Loop) -> None:
    loop.ended(at(12), "Succeeded")
    loop.events.refused = 1

    with pytest.raises(RuntimeError, match=r"Retraining Skipped.*ThrottlingException"):
        loop.decide(at(13))


@pytest.mark.parametrize(
    ("hours", "cool_down", "expected"),
    [
        ([], 6, True),
        ([-6], 6, True),
        ([-5], 6, False),
        ([1], 6, False),
        # Without a cool-down only what lies after it keeps a retraining from starting.
        ([-1], 0, True),
        ([1], 0, False),
        ([-7, -8, -9], 1, True),
        ([-7, -8, -9, -10], 1, False),
        ([-7, -8, -9, -24], 1, True),
    ],
)
def test_the_limits(hours: list[int], cool_down: int, expected: bool) -> None:
    started = {NOON + timedelta(hours=hour): "Succeeded" for hour in hours}

    assert (refusal(NOON, started, Limits(timedelta(hours=cool_down), 4)) is None) is expected


ENVIRONMENT = {
    "PROJECT": "bank",
    "PIPELINE_NAME": PIPELINE,
    "COOL_DOWN_SECONDS": "21600",
    "PER_DAY": "4",
    "LOOK_BACK_SECONDS": "2592000",
    "ENDPOINT_NAME": SOURCES.endpoint_name,
    "CAPTURED_URI": SOURCES.captured_uri,
    "GROUND_TRUTH_URI": SOURCES.ground_truth_uri,
    "WINDOWS_URI": SOURCES.windows_uri,
    "MODEL_PACKAGE_GROUP_NAME": SOURCES.model_package_group_name,
    "TRAINING_PIPELINE_NAME": SOURCES.training_pipeline_name,
}


def test_the_function_s_configuration_is_read_once() -> None:
    assert Settings.from_environ(ENVIRONMENT) == SETTINGS
    assert Sources.from_environ(ENVIRONMENT) == SOURCES


@pytest.mark.parametrize("missing", ENVIRONMENT)
def test_a_missing_variable_is_named(missing: str) -> None:
    rest = {name: value for name, value in ENVIRONMENT.items() if name != missing}

    with pytest.raises(KeyError, match=missing):
        (Settings.from_environ(rest), Sources.from_environ(rest))


def test_the_entry_point_says_in_the_log_what_was_decided(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    clients = {"sagemaker": loop.client, "events": loop.events}
    monkeypatch.setattr("boto3.client", clients.__getitem__)

    outcome = retrain.handler({"detail": {"monitor": "data-quality", "window_end": at(12)}}, None)

    assert outcome["action"] == "start"
    assert capsys.readouterr().out == f"retrain.start {json.dumps(outcome)}\n"
