"""Series as SageMaker DeepAR's JSON Lines have them, one a line."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from smcontract.failure import ContractError

from train_deepar.panel import Panel

Floats = npt.NDArray[np.float64]
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Series:
    """One series, in the units of its data.

    `target` holds one number a day from `start` on, NaN where the day is missing; `cat` the codes and
    `static_real` the numbers of the panel's columns; `dynamic_feat` [features, days] covers the target's
    days and may go on into the days to forecast.
    """

    item_id: str | None
    start: date
    target: Floats
    cat: tuple[int, ...]
    static_real: tuple[float, ...]
    dynamic_feat: Floats

    @property
    def forecast_start(self) -> date:
        """The day after the target's last."""
        return self.start + timedelta(days=len(self.target))

    @property
    def days_ahead(self) -> int:
        """For how many days after the target the dynamic features are known."""
        return int(self.dynamic_feat.shape[1]) - len(self.target)

    @property
    def name(self) -> str:
        """How a message calls it."""
        return "the series" if self.item_id is None else f"series {self.item_id}"

    def until(self, days: int) -> "Series":
        """The first `days` days of the target; the dynamic features stay, as they are known ahead."""
        return Series(
            self.item_id, self.start, self.target[:days], self.cat, self.static_real, self.dynamic_feat
        )

    def as_document(self) -> dict[str, object]:
        """The series as a line of JSON Lines, which `parse_series` reads to the same numbers."""
        return {
            **({} if self.item_id is None else {"item_id": self.item_id}),
            "start": self.start.isoformat(),
            "target": [None if np.isnan(value) else _plain(value) for value in self.target],
            "cat": list(self.cat),
            "static_real": list(self.static_real),
            "dynamic_feat": [[_plain(value) for value in row] for row in self.dynamic_feat],
        }


class SeriesError(ValueError):
    """What of a series cannot be used, and the way out."""


def parse_series(document: Mapping[str, Any], panel: Panel, days_ahead: int = 0) -> Series:
    """The series in `document`, whose dynamic_feat must go `days_ahead` days beyond its target.

    Raises SeriesError for whatever does not match the panel.
    """
    if not isinstance(document, Mapping):
        raise SeriesError("is no JSON object; write one series a line")
    item_id = document.get("item_id")
    if item_id is not None and not isinstance(item_id, str):
        raise SeriesError(f"item_id is {item_id!r}; write it as text")
    target = _numbers(document.get("target"), "target", missing_allowed=True)
    return Series(
        item_id,
        _start(document.get("start")),
        target,
        _codes(document.get("cat", []), panel),
        tuple(_static_reals(document.get("static_real", []), panel)),
        _dynamic(document.get("dynamic_feat", []), panel, len(target), days_ahead),
    )


def read_series(folder: Path, panel: Panel) -> tuple[list[Series], str]:
    """Every series of every .jsonl or .jsonl.gz file in `folder`, and the sha256 of the files' bytes.

    Raises ContractError, naming file and line, for what is no series of the panel, and for a key twice.
    """
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    if not paths:
        raise ContractError(f"{folder} holds no file; give it the JSON Lines that preprocessing made.")
    digest = hashlib.sha256()
    found: list[Series] = []
    for path in paths:
        content = path.read_bytes()
        digest.update(content)
        found.extend(_parsed_lines(path, content, panel))
    if not found:
        raise ContractError(f"{folder} holds no series; its files are empty.")
    keys = [series.item_id for series in found]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ContractError(f"{folder}: series {twice} is there twice; give each series once.")
    return found, digest.hexdigest()


def read_file(path: Path, panel: Panel) -> list[Series]:
    """Every series of one file. Raises ContractError as `read_series` does."""
    return list(_parsed_lines(path, path.read_bytes(), panel))


def write_series(path: Path, found: Iterable[Series]) -> None:
    """The series as compressed JSON Lines, the same bytes for the same series."""
    lines = "".join(json.dumps(each.as_document(), separators=(",", ":")) + "\n" for each in found)
    path.write_bytes(gzip.compress(lines.encode(), mtime=0))


def _parsed_lines(path: Path, content: bytes, panel: Panel) -> Iterator[Series]:
    try:
        text = (gzip.decompress(content) if content[:2] == _GZIP else content).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ContractError(f"{path} is no JSON Lines text ({error}); write it as UTF-8.") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            document = json.loads(line)
        except ValueError as error:
            raise ContractError(f"{where} is no JSON ({error}); write one series a line.") from error
        try:
            series = parse_series(document, panel)
        except SeriesError as error:
            key = document.get("item_id") if isinstance(document, dict) else None
            raise ContractError(f"{where}{f' (series {key})' if key else ''}: {error}.") from error
        if series.item_id is None:
            raise ContractError(f"{where}: item_id is missing; write the series' key as text.")
        yield series


def _start(value: object) -> date:
    if not isinstance(value, str):
        raise SeriesError(f"start is {value!r}; write the first day, as 2024-01-31")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise SeriesError(f"start is '{value}', which is no day; write it as 2024-01-31") from error
    if (moment.hour, moment.minute, moment.second, moment.microsecond) != (0, 0, 0, 0) or moment.tzinfo:
        raise SeriesError(
            f"start is '{value}', but the panel is one of whole days (frequency D); bring every series to "
            "days, or give series of another frequency to a panel of their own"
        )
    return moment.date()


def _numbers(values: object, name: str, missing_allowed: bool = False) -> Floats:
    """A list of numbers; null and "NaN" (SageMaker DeepAR's spelling) are missing days."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise SeriesError(f"{name} is {type(values).__name__}; write a list of numbers")
    numbers = np.empty(len(values))
    for position, value in enumerate(values):
        if value is None or value == "NaN":
            numbers[position] = np.nan
        elif isinstance(value, int | float) and not isinstance(value, bool):
            numbers[position] = value
        else:
            raise SeriesError(f"{name}[{position}] is {value!r}; write a number")
    if np.isinf(numbers).any():
        raise SeriesError(f"{name} holds an infinite number")
    if not missing_allowed and np.isnan(numbers).any():
        raise SeriesError(
            f"{name}[{int(np.isnan(numbers).argmax())}] is missing; fill it, e.g. with the last one"
        )
    return numbers


def _codes(values: object, panel: Panel) -> tuple[int, ...]:
    if not isinstance(values, Sequence) or len(values) != len(panel.cat):
        names = ", ".join(category.name for category in panel.cat) or "none"
        raise SeriesError(f"cat does not match the panel, which has {len(panel.cat)} of them: {names}")
    for code, category in zip(values, panel.cat, strict=True):
        if not isinstance(code, int) or isinstance(code, bool) or not 0 <= code < len(category.values):
            raise SeriesError(
                f"cat holds {code!r} for {category.name}, whose codes are 0 to {len(category.values) - 1}"
            )
    return tuple(values)


def _static_reals(values: object, panel: Panel) -> list[float]:
    numbers = _numbers(values, "static_real")
    if len(numbers) != len(panel.static_real):
        names = ", ".join(panel.static_real) or "none"
        raise SeriesError(f"static_real holds {len(numbers)} numbers, the panel has these: {names}")
    return [float(number) for number in numbers]


def _dynamic(values: object, panel: Panel, days: int, days_ahead: int) -> Floats:
    names = [feature.name for feature in panel.dynamic_feat]
    if not isinstance(values, Sequence) or len(values) != len(names):
        count = len(values) if isinstance(values, Sequence) else 0
        raise SeriesError(
            f"dynamic_feat holds {count} lists, the panel has these: {', '.join(names) or 'none'}"
        )
    wanted = days + days_ahead
    rows = np.empty((len(names), wanted))
    for row, (name, numbers) in enumerate(zip(names, values, strict=True)):
        parsed = _numbers(numbers, f"dynamic_feat {name}")
        if len(parsed) != wanted:
            beyond = f" and {days_ahead} days ahead" if days_ahead else ""
            raise SeriesError(
                f"dynamic_feat {name} has {len(parsed)} numbers, the target {days} days{beyond}; "
                f"give {wanted}, one a day"
            )
        rows[row] = parsed
    return rows


def _plain(value: float) -> int | float:
    return int(value) if float(value).is_integer() else float(value)
