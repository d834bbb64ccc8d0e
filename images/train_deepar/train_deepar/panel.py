"""What all series of a panel have in common, as preprocessing found it: panel.json."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

PANEL_FILE = "panel.json"
VERSION = 1
FREQUENCIES = ("D",)
SCALINGS = ("relative", "standard", "none")
TARGET_TYPES = ("Integral", "Fractional")
# Of a feature whose days a request must give; all others are computed.
KNOWN = "known"
HOLIDAYS = "holidays"


@dataclass(frozen=True, slots=True)
class Target:
    """What is forecast."""

    name: str
    type: str = "Fractional"
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A text that each series has one of; the position in `values` is its code in Series.cat."""

    name: str
    values: tuple[str, ...]

    @property
    def untrained(self) -> int:
        """The code of every value that no training series had."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class DynamicFeature:
    """A number for each day, known ahead; `source` says from whom: the request (`known`), or the calendar."""

    name: str
    scaling: str = "none"
    source: str = KNOWN
    minimum: float | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """The panel's columns in the order in which Series holds them, its calendar, and its horizon in days."""

    frequency: str
    prediction_length: int
    item_id: tuple[str, ...]
    target: Target
    cat: tuple[Category, ...] = ()
    static_real: tuple[str, ...] = ()
    dynamic_feat: tuple[DynamicFeature, ...] = ()
    # Days that are holidays and their names; nothing is known of days after `holidays_until`.
    holidays: Mapping[date, str] = field(default_factory=dict)
    holidays_until: date | None = None
    closed_dates: frozenset[date] = frozenset()
    content: bytes = b""

    @property
    def sha256(self) -> str:
        """The digest of panel.json, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def known(self) -> tuple[DynamicFeature, ...]:
        """The features that a request must give for each day of the horizon."""
        return tuple(feature for feature in self.dynamic_feat if feature.source == KNOWN)

    def untrained(self, cat: Sequence[int]) -> list[str]:
        """The categories of a series whose values no training series had."""
        return [each.name for each, code in zip(self.cat, cat, strict=True) if code == each.untrained]


def read_panel(folder: Path) -> Panel:
    """The panel in `folder`. Raises ContractError where there is none or it cannot be used."""
    path = folder / PANEL_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ContractError(f"{path} is missing; give the encoder that preprocessing made.") from error
    return parse_panel(content, str(path))


def parse_panel(content: bytes, where: str) -> Panel:
    """The panel written in `content`. Raises ContractError that names `where` and what is wrong."""
    try:
        document = json.loads(content)
        version = document.get("version")
    except (ValueError, AttributeError) as error:
        raise ContractError(f"{where} is not a JSON object; preprocess again.") from error
    if version != VERSION:
        raise ContractError(f"{where} has version {version!r}, this image reads {VERSION}; preprocess again.")
    try:
        panel = _panel(document, content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContractError(f"{where} is not a panel ({_told(error)}); preprocess again.") from error
    if panel.frequency not in FREQUENCIES:
        raise ContractError(
            f"{where} has the frequency '{panel.frequency}', this image forecasts {', '.join(FREQUENCIES)}; "
            "bring the rows to days first."
        )
    return panel


def _panel(document: Mapping[str, Any], content: bytes) -> Panel:
    holidays = document.get("holidays") or {}
    target = document["target"]
    return Panel(
        frequency=str(document["frequency"]),
        prediction_length=_positive(document["prediction_length"]),
        item_id=tuple(map(str, document["item_id"])),
        target=Target(
            str(target["name"]),
            _one_of(target.get("type", "Fractional"), TARGET_TYPES),
            _bound(target, "minimum"),
            _bound(target, "maximum"),
        ),
        cat=tuple(Category(str(c["name"]), tuple(map(str, c["values"]))) for c in document.get("cat", [])),
        static_real=tuple(str(feature["name"]) for feature in document.get("static_real", [])),
        dynamic_feat=tuple(
            DynamicFeature(
                str(feature["name"]),
                _one_of(feature.get("scaling", "none"), SCALINGS),
                _one_of(feature.get("source", KNOWN), (KNOWN, HOLIDAYS)),
                _bound(feature, "minimum"),
            )
            for feature in document.get("dynamic_feat", [])
        ),
        holidays={date.fromisoformat(day): str(name) for day, name in holidays.get("dates", {}).items()},
        holidays_until=date.fromisoformat(holidays["until"]) if holidays.get("until") else None,
        closed_dates=frozenset(date.fromisoformat(day) for day in document.get("closed_dates", [])),
        content=content,
    )


def _positive(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"prediction_length is {value!r}")
    return value


def _one_of(value: object, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ValueError(f"{value!r} is not one of {', '.join(words)}")
    return str(value)


def _bound(document: Mapping[str, Any], name: str) -> float | None:
    value = document.get(name)
    return None if value is None else float(value)


def _told(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
