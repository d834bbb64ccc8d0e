"""build/bench/<name>.json: ours, the peer's, their ratio, and every round."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(slots=True)
class Figures:
    """What one benchmark found."""

    name: str
    peer: str
    _rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    _notes: dict[str, Any] = field(default_factory=dict)
    _digits: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, ours: Sequence[float], peer: Sequence[float], digits: int = 2) -> None:
        """One question: rounds of ours and of the peer, taken in turn."""
        self._rows[what] = {
            "ours": median(ours),
            "peer": median(peer),
            # Pair by pair, so that a machine whose speed drifts changes both sides.
            "ratio": round(median(a / b for a, b in zip(ours, peer, strict=True)), 4),
            "ours_mean": sum(ours) / len(ours),
            "peer_mean": sum(peer) / len(peer),
            "rounds": {"ours": list(ours), "peer": list(peer)},
        }
        self._digits[what] = digits

    def note(self, key: str, value: Any) -> None:
        """Something a reader must know beside the figures."""
        self._notes[key] = value

    def lines(self) -> list[str]:
        """The figures for a person."""
        width = max(len(what) for what in self._rows)
        return [
            f"{self.name}: beside {self.peer}",
            *(
                f"  {what:<{width}}  ours {row['ours_mean']:.{self._digits[what]}f}  "
                f"peer {row['peer_mean']:.{self._digits[what]}f}  ratio {row['ratio']:.3f}  "
                f"({len(row['rounds']['ours'])} rounds)"
                for what, row in self._rows.items()
            ),
            *(f"  {key}: {value}" for key, value in self._notes.items()),
        ]

    def write(self, folder: Path) -> Path:
        """Replace the file of this benchmark."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.json"
        document = {
            "name": self.name,
            "peer": self.peer,
            "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "machine": {"cores": os.cpu_count(), "architecture": platform.machine()},
            **self._notes,
            "figures": self._rows,
        }
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        return file
