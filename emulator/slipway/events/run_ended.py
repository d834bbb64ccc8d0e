"""Our own event: that a job or a pipeline execution has ended, in one shape for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.resources.document import Document, without_empty
from slipway.resources.lifecycle import TERMINAL_EXECUTION, TERMINAL_JOB
from slipway.resources.resource import Kind, Resource
from slipway.resources.times import iso
from slipway.store.store import Event

SOURCE = "slipway"
DETAIL_TYPE = "Slipway Run Ended"


@dataclass(frozen=True, slots=True)
class _Run:
    """Which statuses end a run, and what Describe calls its two moments where it has them."""

    ended: frozenset[str]
    start: str = "CreationTime"
    end: str = "LastModifiedTime"


_RUNS: Mapping[Kind, _Run] = {
    Kind.TRAINING_JOB: _Run(TERMINAL_JOB, "TrainingStartTime", "TrainingEndTime"),
    Kind.PROCESSING_JOB: _Run(TERMINAL_JOB, "ProcessingStartTime", "ProcessingEndTime"),
    Kind.PIPELINE_EXECUTION: _Run(TERMINAL_EXECUTION),
}


def run_ended(before: Resource | None, after: Resource) -> Event | None:
    """The event of a change that ended a run; None for every other change."""
    run = _RUNS.get(after.key.kind)
    if run is None or after.status not in run.ended:
        return None
    if before is not None and before.status == after.status:
        return None
    return Event(DETAIL_TYPE, _detail(run, after), SOURCE)


def _detail(run: _Run, after: Resource) -> Document:
    document = after.document
    # A job that ended before anything of it ran began and ended as a request.
    start = document[run.start if run.start in document else "CreationTime"]
    end = document[run.end if run.end in document else "LastModifiedTime"]
    return without_empty(
        {
            "kind": after.key.kind.value,
            "name": after.name,
            "arn": after.arn,
            "status": after.status,
            "failureReason": document.get("FailureReason"),
            "startTime": iso(start),
            "endTime": iso(end),
        }
    )
