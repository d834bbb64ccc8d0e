"""What a monitor tells: an event for those who act on it, and the same as a text for those who read it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

SOURCE = "slipway.monitoring"
VIOLATIONS = "Monitoring Violations"
GROUND_TRUTH_MISSING = "Monitoring Ground Truth Missing"
WINDOW_EMPTY = "Monitoring Window Empty"
FAILED = "Monitoring Failed"
# How reasons begin, by Model Monitor's own words for the one and ours for the other.
NO_DATA, NO_GROUND_TRUTH = "Job inputs had no data", "no ground truth found"
# An event has 256 KB at most (EventBridge quotas), a subject 100 characters (SNS API reference).
TOLD_VIOLATIONS, TOLD_CHARACTERS, SUBJECT_CHARACTERS = 20, 400, 100


@dataclass(frozen=True)
class Alert:
    """What was found in one window of one monitor."""

    detail_type: str
    project: str
    endpoint: str
    monitor: str
    window_start: str
    window_end: str
    execution_arn: str
    violations: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    report_uri: str | None = None
    reason: str | None = None

    @property
    def detail(self) -> Document:
        """The event's detail."""
        told = [
            {name: text[:TOLD_CHARACTERS] for name, text in violation.items()}
            for violation in self.violations[:TOLD_VIOLATIONS]
        ]
        return {
            "project": self.project,
            "endpoint": self.endpoint,
            "monitor": self.monitor,
            "window_start": self.window_start,
            "window_end": self.window_end,
            "violations": told,
            "violation_count": len(self.violations),
            "report_uri": self.report_uri,
            "execution_arn": self.execution_arn,
            "reason": self.reason,
        }

    @property
    def subject(self) -> str:
        """The message's first line."""
        what = {
            VIOLATIONS: f"{len(self.violations)} violation{'s' * (len(self.violations) != 1)}",
            GROUND_TRUTH_MISSING: "no ground truth",
            WINDOW_EMPTY: "nothing was captured",
        }.get(self.detail_type, "the monitor failed")
        return f"{self.endpoint} {self.monitor}: {what}"[:SUBJECT_CHARACTERS]

    @property
    def text(self) -> str:
        """The message, for a person."""
        lines = [
            self.subject,
            "",
            f"Endpoint {self.endpoint}, monitor {self.monitor}, {self.window_start} to {self.window_end}.",
        ]
        if self.reason:
            lines.append(self.reason)
        lines += [f"- {told(each)}" for each in self.violations[:TOLD_VIOLATIONS]]
        more = len(self.violations) - TOLD_VIOLATIONS
        lines += [f"- and {more} more"] if more > 0 else []
        lines += ["", f"Report: {self.report_uri}"] if self.report_uri else [""]
        return "\n".join([*lines, f"Execution: {self.execution_arn}"])


def told(violation: Mapping[str, str]) -> str:
    """A violation in one line."""
    name = violation.get("feature_name") or violation.get("metric_name") or ""
    return f"{name} {violation['constraint_check_type']}: {violation['description'][:TOLD_CHARACTERS]}"


def in_words(reason: str) -> str:
    """A step's failure reason; of a function that failed its own message, without what surrounds it."""
    # By its text: a reason has 1,024 characters at most, and JSON that is cut off is none.
    found = re.search(r'"errorMessage":\s*("(?:[^"\\]|\\.)*")', reason)
    return str(json.loads(found[1])) if found else reason


def kind_of(reason: str) -> str:
    """What a failure with that reason is told as."""
    if NO_GROUND_TRUTH in reason:
        return GROUND_TRUTH_MISSING
    return WINDOW_EMPTY if NO_DATA in reason else FAILED


def tell(events: Any, topics: Any, topic_arn: str, alert: Alert) -> None:
    """Put the event, then send the message."""
    entry = {"Source": SOURCE, "DetailType": alert.detail_type, "Detail": json.dumps(alert.detail)}
    answer = events.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge does not take '{alert.detail_type}': {answer['Entries']}")
    topics.publish(TopicArn=topic_arn, Subject=alert.subject, Message=alert.text)
