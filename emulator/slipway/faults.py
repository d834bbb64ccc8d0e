"""Named points at which a test lets the process die, as a power cut would."""

import os
import signal
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class FaultPoint(StrEnum):
    """The moments that are worth dying at: each is between two things that are each done for good."""

    AFTER_CREATE = "after-create"
    AFTER_STAGING = "after-staging"
    CONTAINER_EXIT = "container-exit"
    DURING_UPLOAD = "during-upload"
    BEFORE_EVENT = "before-event"
    BEFORE_STEP_JOB = "before-step-job"
    AFTER_STEP_JOB = "after-step-job"
    AFTER_STEP_MODEL = "after-step-model"
    BEFORE_STEP_END = "before-step-end"
    BEFORE_DELIVERY = "before-delivery"
    AFTER_DELIVERY = "after-delivery"
    BEFORE_MONITORING_JOB = "before-monitoring-job"
    AFTER_MONITORING_JOB = "after-monitoring-job"


@dataclass(frozen=True, slots=True)
class Faults:
    """Kills the process at `point`, the first time it gets there; without a point, never."""

    point: FaultPoint | None
    # Where it is remembered, so that the next process gets past it.
    marks: Path

    def at(self, point: FaultPoint) -> None:
        """The process is at `point`."""
        if point is not self.point:
            return
        mark = self.marks / f"fault-{point.value}"
        if mark.exists():
            return
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
