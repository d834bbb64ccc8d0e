"""A step of a pipeline execution: its record, from its turn to its end."""

from collections.abc import Sequence
from dataclasses import replace

from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Resource

ENDED = frozenset({"Succeeded", "Failed", "Stopped"})
LONGEST_REASON = 1024  # FailureReason's length in the model
# What an attempt leaves behind, and the next one does not keep.
OF_AN_ATTEMPT = ("identity", "resume_at", "begun_at", "told", "made", "label", "check")


def step_key(execution: Key, step: str) -> Key:
    """What identifies a step of an execution."""
    return Key(execution.owner, Kind.PIPELINE_STEP, f"{execution.name}/{step}")


def begun(
    execution: Resource,
    name: str,
    display_name: str | None,
    description: str | None,
    internal: Document,
    now: float,
) -> Resource:
    """The step as it is when its turn has come and nothing of it is done."""
    document = without_empty(
        {
            "StepName": name,
            "StepDisplayName": display_name,
            "StepDescription": description,
            "StartTime": now,
            "StepStatus": "Starting",
            "Metadata": {},
            "AttemptCount": 1,
        }
    )
    kept = {**internal, "round": execution.internal.get("round", 0)}
    return Resource(step_key(execution.key, name), now, now, "Starting", document, kept)


def tried_again(step: Resource, identity: str, kept: Document) -> Resource:
    """The step at the beginning of one more attempt; `kept` replaces members of what it remembers."""
    count = step.document.get("AttemptCount", 1) + 1
    fresh = step.with_internal({**dict.fromkeys(OF_AN_ATTEMPT), "identity": identity, **kept})
    return fresh.in_status("Starting").with_document(
        {"AttemptCount": count, "Metadata": {}, "EndTime": None, "FailureReason": None}
    )


def restarted(step: Resource, identity: str, round_number: int, now: float) -> Resource:
    """The step as RetryPipelineExecution takes it up: another attempt, with all of its retries before it."""
    kept = {"round": round_number, "failures": None, "first_tried_at": None}
    return tried_again(step, identity, kept).with_document({"StartTime": now, "CacheHitResult": None})


def ended(step: Resource, status: str, now: float, changes: Document) -> Resource:
    """The step at its end; `changes` replace members of its document."""
    reason = changes.get("FailureReason")
    # A step's beginning may be put off by a moment (it comes after what it waited for), its end is later.
    end = max(now, step.document["StartTime"])
    shown = {**changes, "FailureReason": reason[:LONGEST_REASON] if reason else None, "EndTime": end}
    return replace(step.with_document(shown), status=status)


def answered(step: Resource, outputs: Sequence[Document], now: float) -> Resource:
    """A callback step whose answer are these outputs."""
    metadata = step.document.get("Metadata", {})
    callback = {**metadata.get("Callback", {}), "OutputParameters": list(outputs)}
    return ended(step, "Succeeded", now, {"Metadata": {**metadata, "Callback": callback}})


def refused(step: Resource, reason: str | None, now: float) -> Resource:
    """A callback step whose answer is that it has failed."""
    return ended(step, "Failed", now, {"FailureReason": reason})
