"""Decides whether violations start a retraining, and finds what one is made of.

EventBridge calls it with what a monitor has found; the retraining pipeline's first step calls
it with `{"action": "collect"}`. It keeps nothing: the pipeline's executions say what has been
started, each in its display name up to which moment. The machine's clock is never asked, for
a window may be looked at long after its hours.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config

from orchestration.handlers.labelled_rows import LabelledRows, Sources
from orchestration.handlers.windows import moment_of, moment_text

Document = dict[str, Any]

SOURCE, SKIPPED = "slipway.monitoring", "Retraining Skipped"
# A display name has letters, digits and hyphens.
DISPLAY_NAME = "until-%Y%m%dT%H%M%SZ"
DAY = timedelta(days=1)
# What has not made a training set does not keep the next one from being tried.
WITHOUT_RESULT = frozenset({"Failed", "Stopped"})
# Far more than a ceiling may allow; what is older than these is long past.
LISTED = 100


@dataclass(frozen=True)
class Limits:
    """How often a retraining may start."""

    cool_down: timedelta
    per_day: int


@dataclass(frozen=True)
class Settings:
    """What the function's own configuration says."""

    project: str
    pipeline_name: str
    limits: Limits

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises KeyError with the name of a variable that is missing."""
        return cls(
            project=environ["PROJECT"],
            pipeline_name=environ["PIPELINE_NAME"],
            limits=Limits(
                cool_down=timedelta(seconds=int(environ["COOL_DOWN_SECONDS"])),
                per_day=int(environ["PER_DAY"]),
            ),
        )


# Where the rows of a retraining are, from the time up to which they are taken.
Collect = Callable[[Any, Any, Mapping[str, str], str, datetime], Document]


def labelled_rows(
    sagemaker: Any, s3: Any, environ: Mapping[str, str], execution_id: str, end: datetime
) -> Document:
    """Captured requests and what came true of them. Raises NothingToTrainOnError."""
    return LabelledRows(sagemaker, s3, Sources.from_environ(environ)).collect(execution_id, end)


def handler(event: Document, _context: object) -> Document:
    """The entry point: what was done and why, which is also the line in the log."""
    return answered(event, os.environ, labelled_rows)


def answered(event: Document, environ: Mapping[str, str], collect: Collect) -> Document:
    """The answer to a call about a project whose rows `collect` finds."""
    sagemaker = boto3.client("sagemaker")
    if event.get("action") == "collect":
        # Buckets by path, which needs no name for each.
        s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
        outcome = collect(sagemaker, s3, environ, event["execution_id"], moment_of(event["window_end"]))
        print(f"retrain.collect {json.dumps(outcome)}", flush=True)
        return outcome
    settings = Settings.from_environ(environ)
    outcome = Retraining(sagemaker, boto3.client("events"), settings).decide(event["detail"])
    print(f"retrain.{outcome['action']} {json.dumps(outcome)}", flush=True)
    return outcome


class Retraining:
    """Starts one project's retraining, at most as often as its limits allow."""

    def __init__(self, sagemaker: Any, events: Any, settings: Settings) -> None:
        self._sagemaker = sagemaker
        self._events = events
        self._settings = settings

    def decide(self, violations: Document) -> Document:
        """Start a retraining up to the window's end, or say in an event why not.

        Another monitor's violations of the same window are the same retraining's.
        """
        end = moment_of(violations["window_end"])
        started = self._started()
        if end in started:
            return {
                "action": "nothing",
                "reason": f"the retraining up to {moment_text(end)} has been started",
            }
        if reason := refusal(end, started, self._settings.limits):
            return self._skip(violations, reason)
        answer = self._sagemaker.start_pipeline_execution(
            PipelineName=self._settings.pipeline_name,
            PipelineExecutionDisplayName=end.strftime(DISPLAY_NAME),
            PipelineParameters=[{"Name": "WindowEnd", "Value": moment_text(end)}],
            # Two calls at the same moment start one execution.
            ClientRequestToken=hashlib.sha256(
                f"{self._settings.project}\0{moment_text(end)}".encode()
            ).hexdigest(),
        )
        return {
            "action": "start",
            "window_end": moment_text(end),
            "execution_arn": answer["PipelineExecutionArn"],
        }

    def _started(self) -> dict[datetime, str]:
        """Up to which moments there have been retrainings, and how they are.

        Executions that somebody has started by hand are called otherwise and do not count.
        """
        found: dict[datetime, str] = {}
        for item in self._sagemaker.list_pipeline_executions(
            PipelineName=self._settings.pipeline_name,
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=LISTED,
        )["PipelineExecutionSummaries"]:
            try:
                end = datetime.strptime(item.get("PipelineExecutionDisplayName", ""), DISPLAY_NAME)
            except ValueError:
                continue
            found.setdefault(end.replace(tzinfo=UTC), item["PipelineExecutionStatus"])
        return found

    def _skip(self, violations: Document, reason: str) -> Document:
        told = {name: violations.get(name) for name in ("project", "endpoint", "monitor", "window_end")}
        answer = self._events.put_events(
            Entries=[
                {"Source": SOURCE, "DetailType": SKIPPED, "Detail": json.dumps(told | {"reason": reason})}
            ]
        )
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"EventBridge does not take the event {SKIPPED}: {answer['Entries']}")
        return {"action": "skip", "window_end": violations["window_end"], "reason": reason}


def refusal(end: datetime, started: Mapping[datetime, str], limits: Limits) -> str | None:
    """Why there may be no retraining up to `end`, given how earlier ones are; None where there may be.

    One up to a later moment has looked at these rows already.
    """
    cooling = [
        each
        for each, status in started.items()
        if status not in WITHOUT_RESULT and each > end - limits.cool_down
    ]
    if cooling:
        return (
            f"there is a retraining up to {moment_text(max(cooling))}; the next one may be up to "
            f"{moment_text(max(cooling) + limits.cool_down)} (cool_down)"
        )
    of_the_day = [each for each in started if each > end - DAY]
    if len(of_the_day) >= limits.per_day:
        return (
            f"there have been {len(of_the_day)} retrainings in the 24 hours before {moment_text(end)}, and "
            f"{limits.per_day} are allowed (per_day)"
        )
    return None
