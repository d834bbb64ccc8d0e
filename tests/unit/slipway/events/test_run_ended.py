"""Our own event; its shape is docs/emulator.md's."""

from typing import Any

import pytest
from slipway.events.run_ended import run_ended
from slipway.events.state_change import events_of
from slipway.resources.resource import Key, Kind, Owner, Resource

OWNER = Owner("123456789012", "us-east-1")
PREFIX = "arn:aws:sagemaker:us-east-1:123456789012"
# 2021-03-15T16:03:13Z and 16:10:10Z.
START, END = 1615824193.0, 1615824610.0


def run(kind: Kind, name: str, status: str, **document: Any) -> Resource:
    members = {"CreationTime": START, "LastModifiedTime": END, **document}
    return Resource(Key(OWNER, kind, name), START, END, status, members)


RUNS = [
    (Kind.TRAINING_JOB, "Nightly", f"{PREFIX}:training-job/nightly", "Completed"),
    (Kind.PROCESSING_JOB, "Nightly", f"{PREFIX}:processing-job/nightly", "Completed"),
    (Kind.PIPELINE_EXECUTION, "Bank/execution/a1", f"{PREFIX}:pipeline/Bank/execution/a1", "Succeeded"),
]


@pytest.mark.parametrize(("kind", "name", "arn", "well"), RUNS)
def test_all_runs_end_in_one_shape(kind: Kind, name: str, arn: str, well: str) -> None:
    before = run(kind, name, "InProgress")

    ended = run_ended(before, run(kind, name, well))
    failed = run_ended(before, run(kind, name, "Failed", FailureReason="no rows"))

    assert ended is not None
    assert (ended.source, ended.detail_type) == ("slipway", "Slipway Run Ended")
    assert ended.detail == {
        "kind": kind.value,
        "name": name,
        "arn": arn,
        "status": well,
        "startTime": "2021-03-15T16:03:13Z",
        "endTime": "2021-03-15T16:10:10Z",
    }
    assert failed is not None
    assert failed.detail == {**ended.detail, "status": "Failed", "failureReason": "no rows"}


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        (Kind.TRAINING_JOB, ("TrainingStartTime", "TrainingEndTime")),
        (Kind.PROCESSING_JOB, ("ProcessingStartTime", "ProcessingEndTime")),
    ],
)
def test_a_job_begins_and_ends_with_its_containers(kind: Kind, members: tuple[str, str]) -> None:
    moments = dict(zip(members, (START + 7, END - 10), strict=True))

    ended = run_ended(None, run(kind, "x", "Stopped", **moments))

    assert ended is not None
    assert ended.detail["startTime"] == "2021-03-15T16:03:20Z"
    assert ended.detail["endTime"] == "2021-03-15T16:10:00Z"


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (Kind.TRAINING_JOB, None, "InProgress"),
        (Kind.TRAINING_JOB, "InProgress", "Stopping"),
        (Kind.TRAINING_JOB, "Completed", "Completed"),
        (Kind.PIPELINE_EXECUTION, "Failed", "Executing"),
        (Kind.PIPELINE_EXECUTION, "Executing", "Stopping"),
        (Kind.PIPELINE_STEP, "Executing", "Succeeded"),
        (Kind.ENDPOINT, "Creating", "Failed"),
        (Kind.MODEL_PACKAGE, None, "Completed"),
    ],
)
def test_nothing_else_is_a_run_that_ends(kind: Kind, before: str | None, after: str) -> None:
    assert run_ended(run(kind, "x", before) if before else None, run(kind, "x", after)) is None


def test_aws_own_event_comes_first() -> None:
    before = run(Kind.PROCESSING_JOB, "x", "InProgress")

    events = events_of(before, run(Kind.PROCESSING_JOB, "x", "Failed"))

    assert [event.source for event in events] == ["aws.sagemaker", "slipway"]
