"""build/test.json: how many tests of each folder passed, and how long they took."""

import json
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest

SLOWEST = 10


class TestRecord:
    """Counts while the tests run."""

    __test__ = False

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._outcomes: dict[str, Counter[str]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._tests: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one test."""
        folder = Path(report.fspath).parts[1]
        self._seconds[folder] += report.duration
        self._tests[report.nodeid] += report.duration
        # A failure counts wherever it happens, success once.
        if report.when == "call" or report.outcome != "passed":
            self._outcomes.setdefault(folder, Counter())[report.outcome] += 1

    def write(self, file: Path) -> None:
        """Replace `file` with the figures so far."""
        document = {
            "seconds": round(time.monotonic() - self._started, 1),
            "folders": {
                folder: {**outcomes, "seconds": round(self._seconds[folder], 1)}
                for folder, outcomes in self._outcomes.items()
            },
            "slowest": [
                {"test": name, "seconds": round(seconds, 1)}
                for name, seconds in sorted(self._tests.items(), key=lambda item: -item[1])[:SLOWEST]
            ],
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
