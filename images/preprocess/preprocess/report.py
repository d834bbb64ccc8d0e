"""report.json: what was read, what was kept, and what was wrong."""

from dataclasses import dataclass, field

from preprocess.faults import Fault

REPORT = "report/report.json"
FAULT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file that was read."""

    name: str
    sha256: str
    rows: int


@dataclass(slots=True)
class Report:
    """What is known about the input so far; grows file by file."""

    files: list[FileReport] = field(default_factory=list)
    ignored_columns: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    faults_truncated: bool = False
    bad_rows: int = 0
    parts: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def rows_read(self) -> int:
        """All rows of all files, bad ones too."""
        return sum(file.rows for file in self.files)

    @property
    def faults_wanted(self) -> int:
        """How many more faults the report has room for."""
        return FAULT_LIMIT - len(self.faults)

    def document(self) -> dict[str, object]:
        """The report as report.json holds it."""
        return {
            "rows_read": self.rows_read,
            "rows_kept": self.rows_read - self.bad_rows,
            "rows_dropped": self.bad_rows,
            "files": [{"name": file.name, "sha256": file.sha256, "rows": file.rows} for file in self.files],
            "ignored_columns": sorted(self.ignored_columns),
            "parts": self.parts,
            "bad_rows": [fault.document() for fault in self.faults],
            "bad_rows_total": self.bad_rows,
            "bad_rows_truncated": self.faults_truncated,
        }
