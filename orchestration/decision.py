"""`make approve` and `make reject`: a version decided about by hand, and what the endpoint makes of it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.clients import Aws
from orchestration.console import Console
from orchestration.endpoint import Endpoint
from orchestration.figures_file import write_figures
from orchestration.model_registry import APPROVED, Registry, Version, chosen, newest_approved
from orchestration.project import Project
from orchestration.settings import Settings


@dataclass(slots=True)
class DecisionRecord:
    """build/approve.json or build/reject.json."""

    project: str
    group: str
    version: int
    arn: str
    before: str
    status: str
    endpoint: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def write(self, file: Path) -> None:
        """Replace `file` with this record, whole."""
        write_figures(self, file)


def decide(
    project: Project, settings: Settings, number: int | None, status: str, console: Console, file: Path
) -> DecisionRecord:
    """Approve or reject a version, and return once the endpoint is where that leaves it.

    `file` says from the decision on what was decided, whatever comes of it.
    Raises RegistryError where there is nothing to decide, DeploymentError where nobody deploys.
    """
    started = time.monotonic()
    aws = Aws(settings)
    registry = Registry(aws, project.name)
    version = chosen(registry.versions(), registry.group, number)
    command = "approve" if status == APPROVED else "reject"
    console.step(command)
    decided = registry.decide(version, status, f"make {command}")
    console.done(f"version {version.number} of {registry.group}: {version.status} → {status}")
    record = DecisionRecord(
        project.name, registry.group, version.number, version.arn, version.status, decided.status
    )
    record.write(file)
    record.endpoint = _settled(Endpoint(aws, project.name), newest_approved(registry.versions()), console)
    record.seconds = round(time.monotonic() - started, 3)
    record.write(file)
    return record


def _settled(endpoint: Endpoint, wanted: Version | None, console: Console) -> dict[str, Any]:
    console.step("endpoint")
    if wanted is not None:
        endpoint.wait_until_it_serves(wanted.arn)
    serving = endpoint.serving()
    served = serving.model_package_arn if serving else None
    number = (served or "").rpartition("/")[2]
    if wanted is not None:
        console.done(f"{endpoint.name} serves version {number}, the newest that is Approved")
    elif serving is None:
        console.done("no version is Approved, and there is no endpoint")
    else:
        console.done(f"no version is Approved: {endpoint.name} goes on with version {number}")
    return {
        "name": endpoint.name,
        "status": serving.status if serving else None,
        "model_package_arn": served,
    }


def next_lines(record: DecisionRecord, shown_file: str) -> Iterator[tuple[str, ...]]:
    """Rows of a table, label first."""
    yield ("",)
    yield ("version", record.arn)
    yield ("figures", shown_file)
