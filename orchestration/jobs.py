"""The jobs behind a pipeline's steps: their times, their outputs and what they have said."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestration.clients import Aws
from orchestration.execution import Step

JOB_FINISHED = re.compile(r"job\.finished kind=\w+ seconds=([0-9.]+)")
# Lines travel to CloudWatch beside the job and may come after its end.
LINES_SECONDS = 3.0
POLL_SECONDS = 0.1
SHOWN_LINES = 12


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was described after its end; an ARN has its name in small letters, its log has not."""

    aws: Aws
    name: str
    log_group: str
    container_seconds: float | None
    description: Mapping[str, Any]
    container_started_at: datetime | None = None

    @classmethod
    def of(cls, aws: Aws, step: Step) -> "Job | None":
        """The job of a step; None where it has none."""
        if "ProcessingJob" in step.properties:
            name = _name(step.properties["ProcessingJob"]["Arn"])
            job = aws.sagemaker.describe_processing_job(ProcessingJobName=name)
            seconds = _between(job, "ProcessingStartTime", "ProcessingEndTime")
            group, started_at = "/aws/sagemaker/ProcessingJobs", job.get("ProcessingStartTime")
            return cls(aws, job["ProcessingJobName"], group, seconds, job, started_at)
        if "TrainingJob" in step.properties:
            name = _name(step.properties["TrainingJob"]["Arn"])
            job = aws.sagemaker.describe_training_job(TrainingJobName=name)
            seconds = _between(job, "TrainingStartTime", "TrainingEndTime")
            group, started_at = "/aws/sagemaker/TrainingJobs", job.get("TrainingStartTime")
            return cls(aws, job["TrainingJobName"], group, seconds, job, started_at)
        return None

    @property
    def output_uris(self) -> dict[str, str]:
        """Where a processing job left each of its outputs, by name."""
        outputs = self.description["ProcessingOutputConfig"]["Outputs"]
        return {item["OutputName"]: item["S3Output"]["S3Uri"].rstrip("/") for item in outputs}

    @property
    def model_uri(self) -> str:
        """Where a training job left its model."""
        return str(self.description["ModelArtifacts"]["S3ModelArtifacts"])

    def work_seconds(self) -> float | None:
        """How long the job itself worked, by its own word; None where it has not said so."""
        deadline = time.monotonic() + LINES_SECONDS
        while True:
            found = JOB_FINISHED.findall("\n".join(self.lines(20)))
            if found:
                return float(found[-1])
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_SECONDS)

    def lines(self, count: int = SHOWN_LINES) -> list[str]:
        """The last lines of its log; none where there is no log."""
        return last_lines(self.aws, self.log_group, f"{self.name}/", count)


def last_lines(aws: Aws, group: str, stream_prefix: str, count: int) -> list[str]:
    """The last `count` lines of the streams of `group` that begin with `stream_prefix`."""
    narrowed = {"logStreamNamePrefix": stream_prefix} if stream_prefix else {}
    try:
        streams = aws.logs.describe_log_streams(logGroupName=group, **narrowed)["logStreams"]
        events = [
            event
            for stream in streams
            for event in aws.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], limit=count
            )["events"]
        ]
    except (ClientError, BotoCoreError):
        # A job that never ran has no log; what is shown of one is a help and no result.
        return []
    events.sort(key=lambda event: event["timestamp"])
    return [event["message"].rstrip() for event in events[-count:]]


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _between(job: Mapping[str, Any], begin: str, end: str) -> float | None:
    if begin not in job or end not in job:
        return None
    return float((job[end] - job[begin]).total_seconds())
