"""What `make monitor` leaves: build/monitor.json, and the lines that a person reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.figures_file import write_figures
from orchestration.handlers.alerts import told
from orchestration.summary import shown

COMPLETED, VIOLATIONS, FAILED = "Completed", "CompletedWithViolations", "Failed"
SHOWN_VIOLATIONS = 10


@dataclass(slots=True)
class Found:
    """What one monitor says of one window."""

    status: str
    execution_arn: str
    window_start: str = ""
    window_end: str = ""
    reason: str | None = None
    # Rows that were compared, and calls of another form, which were not.
    rows: int = 0
    left_out: int = 0
    violations: list[dict[str, str]] = field(default_factory=list)
    report_uri: str | None = None
    # The folders of files on this machine.
    baseline: str = ""
    window: str = ""
    seconds: float = 0.0

    @property
    def line(self) -> str:
        """The outcome in a few words."""
        if self.status == FAILED:
            return self.reason or "failed, and no step says why"
        count = len(self.violations)
        what = f"{count} violation{'s' * (count != 1)}" if count else "no violations"
        calls = "call of another form was" if self.left_out == 1 else "calls of another form were"
        others = f", {self.left_out:,} {calls} left out" if self.left_out else ""
        return f"{what} in {self.rows:,} rows{others}"


@dataclass(slots=True)
class MonitorRecord:
    """build/monitor.json."""

    project: str
    by: str
    topic_arn: str = ""
    schedules: list[str] = field(default_factory=list)
    monitors: dict[str, Found] = field(default_factory=dict)
    seconds: float = 0.0

    def write(self, file: Path) -> None:
        """Replace `file` with this record, whole."""
        write_figures(self, file)


def lines(record: MonitorRecord, file: Path) -> Iterator[tuple[str, ...]]:
    """Rows of a table, label first."""
    for name, found in record.monitors.items():
        yield ("",)
        yield (name, f"{found.status}   {found.window_start} to {found.window_end}")
        for violation in found.violations[:SHOWN_VIOLATIONS]:
            yield ("", told(violation))
        more = len(found.violations) - SHOWN_VIOLATIONS
        if more > 0:
            yield ("", f"and {more} more in constraint_violations.json")
        if found.window:
            yield ("report", f"{found.window}/report.html")
        yield ("baseline", f"{found.baseline}/")
    yield ("",)
    yield (
        "alerts",
        f"aws sns subscribe --topic-arn {record.topic_arn} --protocol … --notification-endpoint …",
    )
    yield ("figures", shown(file))
    yield ("stop", f"make monitor PROJECT={record.project} STOP=1")
