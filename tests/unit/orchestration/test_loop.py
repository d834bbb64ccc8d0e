"""Which executions belong to a drill: those that began after it, of its window and of its rows."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orchestration import loop as loop_module
from orchestration.alerts import Alerts
from orchestration.clients import Aws
from orchestration.errors import DriftError
from orchestration.loop import Loop
from orchestration.names import DATA_PARAMETERS, MONITORS
from tests.support.control_plane import ControlPlane
from tests.support.pipeline_plane import ROLE, PipelinePlane, definition

END = "2026-11-26T12:00:00Z"


@dataclass
class Queue:
    """A queue with messages, each given once."""

    bodies: list[str] = field(default_factory=list)

    def receive_message(self, **_asked: object) -> dict[str, Any]:
        given, self.bodies = self.bodies, []
        return {"Messages": [{"Body": body, "ReceiptHandle": "1"} for body in given]} if given else {}

    def delete_message(self, **_asked: object) -> None:
        """Given once already."""


@dataclass
class Bank:
    """The pipelines of a project, and whoever listens to its monitors."""

    client: Any
    queue: Queue
    aws: Aws
    alerts: Alerts

    def start(self, name: str, **values: str) -> str:
        arn: str = self.client.start_pipeline_execution(
            PipelineName=f"slipway-bank-{name}",
            PipelineParameters=[{"Name": key, "Value": value} for key, value in values.items()],
        )["PipelineExecutionArn"]
        return arn

    def train(self, key: str) -> str:
        return self.start("training", **dict(zip(DATA_PARAMETERS, ("slipway-bank", key, "v1"), strict=True)))

    def from_now(self) -> Loop:
        return Loop.from_now(self.aws, "bank", self.alerts, MONITORS)

    def skip(self, window_end: str) -> None:
        event = {"detail-type": "Retraining Skipped", "detail": {"window_end": window_end, "reason": "cools"}}
        self.queue.bodies.append(json.dumps(event))


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bank:
    monkeypatch.setattr(loop_module, "START_SECONDS", 0.0)
    plane = ControlPlane(tmp_path)
    PipelinePlane(plane)
    client = plane.client()
    for name, parameters in (
        ("data-quality", ("ScheduledTime",)),
        ("retraining", ("WindowEnd",)),
        ("training", DATA_PARAMETERS),
    ):
        client.create_pipeline(
            PipelineName=f"slipway-bank-{name}",
            PipelineDefinition=definition(
                parameters=[{"Name": each, "Type": "String"} for each in parameters]
            ),
            RoleArn=ROLE,
            ClientRequestToken=name.ljust(32, "-"),
        )
    aws, queue = Aws(None), Queue()  # type: ignore[arg-type]
    # What is made when it is first needed.
    aws.__dict__.update(sagemaker=client, queues=queue)
    return Bank(client, queue, aws, Alerts(aws, "queue"))


def test_a_monitor_s_execution_is_the_one_of_its_schedule_s_time(bank: Bank) -> None:
    bank.start("data-quality", ScheduledTime=END)
    loop = bank.from_now()
    # Of the hour before, and late.
    bank.start("data-quality", ScheduledTime="2026-11-26T11:00:00Z")
    with pytest.raises(DriftError, match="no execution of slipway-bank-data-quality has started"):
        loop.monitor("data-quality", END)

    arn = bank.start("data-quality", ScheduledTime=END)

    assert loop.monitor("data-quality", END).arn == arn


def test_a_monitor_without_a_pipeline_has_no_execution(bank: Bank) -> None:
    with pytest.raises(DriftError, match="no execution of slipway-bank-model-quality has started"):
        bank.from_now().monitor("model-quality", END)


def test_a_retraining_is_found(bank: Bank) -> None:
    loop = bank.from_now()
    arn = bank.start("retraining", WindowEnd=END)

    decided = loop.retraining(END)

    assert decided.execution is not None
    assert decided.execution.arn == arn


def test_a_retraining_that_is_skipped_is_told_by_its_reason(bank: Bank) -> None:
    bank.skip("2026-11-26T11:00:00Z")
    bank.skip(END)

    decided = bank.from_now().retraining(END)

    assert (decided.execution, decided.reason) == (None, "cools")


def test_another_window_s_refusal_is_none_of_this_one_s(bank: Bank) -> None:
    bank.skip("2026-11-26T11:00:00Z")

    with pytest.raises(DriftError, match=f"the violations of the window to {END} should have"):
        bank.from_now().retraining(END)


def test_the_training_is_that_of_the_retraining_s_own_rows(bank: Bank) -> None:
    loop = bank.from_now()
    bank.start("retraining", WindowEnd=END)
    retraining = loop.retraining(END).execution
    assert retraining is not None
    bank.train("incoming/retraining-another/training-set.csv")
    bank.train("incoming/rows.csv")
    with pytest.raises(DriftError, match="an object below incoming/retraining-"):
        loop.training(retraining)

    arn = bank.train(f"incoming/retraining-{retraining.execution_id}/training-set.csv")

    assert loop.training(retraining).arn == arn


def test_messages_for_people_are_kept_apart_from_events(bank: Bank) -> None:
    event = {
        "detail-type": "Monitoring Violations",
        "detail": {"monitor": "data-quality", "violation_count": 2},
    }
    bank.queue.bodies = ["slipway-bank data-quality: 2 violations\n\n- age", json.dumps(event), "17"]

    detail = bank.alerts.wait_for("Monitoring Violations", "data-quality")

    assert detail == event["detail"]
    assert bank.alerts.messages == ["slipway-bank data-quality: 2 violations\n\n- age", "17"]
    assert bank.alerts.wait_for("Monitoring Violations", "model-quality", seconds=0) is None
