"""The metrics that a training job writes into its log (developer guide, "Define metrics")."""

import re
import threading
from collections.abc import Sequence

from slipway.resources.document import Document


class FinalMetrics:
    """The last value of each metric in the lines seen so far; any thread may show lines."""

    def __init__(self, definitions: Sequence[Document]) -> None:
        self._definitions = [(each["Name"], re.compile(each["Regex"])) for each in definitions]
        self._last: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def see(self, moment: float, line: str) -> dict[str, float]:
        """The metrics in one line of a log."""
        values = {
            name: value
            for name, pattern in self._definitions
            if (value := value_in(line, pattern)) is not None
        }
        with self._lock:
            self._last.update({name: (moment, value) for name, value in values.items()})
        return values

    def documents(self) -> list[Document]:
        """FinalMetricDataList."""
        with self._lock:
            return [
                {"MetricName": name, "Value": value, "Timestamp": moment}
                for name, (moment, value) in self._last.items()
            ]


def value_in(line: str, pattern: re.Pattern[str]) -> float | None:
    """The number that the last match's first group holds; None where there is none."""
    for found in reversed(list(pattern.finditer(line))):
        if found.re.groups:
            try:
                return float(found[1])
            except (TypeError, ValueError):
                continue
    return None
