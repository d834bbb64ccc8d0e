"""A drill as it was asked for, and build/drift.json: what was sent, what the monitors said and started."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.drift_kind import Kind


@dataclass(frozen=True, slots=True)
class Drill:
    """What is asked for."""

    kind: Kind
    rows: int
    seed: int
    # Whether a retraining is followed until its model waits for a decision, or only seen to start.
    follow: bool
    api_url: str
    api_key_file: Path
    emulator_port: str


@dataclass(slots=True)
class DriftRecord:
    """build/drift.json: what was sent, what the monitors said, what they started."""

    project: str
    kind: str
    rows: int
    seed: int
    window: dict[str, str] = field(default_factory=dict)
    inference_ids: list[str] = field(default_factory=list)
    labels: int = 0
    monitors: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    retraining: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    model_package: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def summary(record: DriftRecord, shown_file: str) -> Iterator[tuple[str, ...]]:
    """Rows of a table, label first."""
    yield ("",)
    for message in record.messages:
        yield ("told people", message.splitlines()[0] if message else "")
    if record.model_package:
        yield ("version", record.model_package["arn"])
        yield ("trained on", f"sha256 {record.model_package['data_sha256']}")
    yield ("figures", shown_file)
