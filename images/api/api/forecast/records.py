"""Records of series, and what is wrong with those that are none."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from api.errors import RecordError
from api.forecast.instances import Record, days_from, horizon
from api.forecast.schema import RESERVED, ForecastSchema
from api.values import Number, shown

LONGEST_TEXT = 256
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_A_LIST = "a list of numbers, one a day"


def faults(schema: ForecastSchema, row: int, record: object) -> Iterator[RecordError]:
    """Everything that is wrong with the record in `row` (from 1); of each list, the first."""
    if not isinstance(record, dict):
        yield RecordError(row, None, f"is {shown(record)}; it needs an object with the series' key")
        return
    checked = _Checked(schema, record)
    for field, reason in checked.faults():
        yield RecordError(row, field, reason)


def horizon_faults(schema: ForecastSchema, records: Sequence[Record]) -> list[RecordError]:
    """What is wrong with them together: the endpoint is asked for one horizon."""
    first = horizon(schema, records[0])
    return [
        RecordError(
            row,
            "prediction_length",
            f"is {horizon(schema, record)}, and {first} in the first record; ask for each horizon by itself",
        )
        for row, record in enumerate(records, start=1)
        if horizon(schema, record) != first
    ]


class _Checked:
    """One record under examination; every fault is a field and a reason."""

    def __init__(self, schema: ForecastSchema, record: Record) -> None:
        self._schema = schema
        self._record = record
        # Both None where they cannot be told, for a fault of their own.
        self._days: int | None = None
        self._begin: date | None = None

    def faults(self) -> Iterator[tuple[str, str]]:
        schema, record = self._schema, self._record
        for name in schema.item_id:
            if name not in record:
                yield name, "is missing"
            elif reason := _text_fault(record[name]):
                yield name, reason
        yield from self._length()
        yield from self._history()
        yield from self._known()
        yield from self._static()
        for name in record:
            if name in (schema.target.name, schema.timestamp.name):
                yield name, "is a column of the data; what was goes into history"
            elif name in [each.name for each in schema.known]:
                yield name, "is known ahead; it goes into known"
            elif name not in (*schema.item_id, *RESERVED):
                yield shown(name), "is no part of a record of this project"

    def _length(self) -> Iterator[tuple[str, str]]:
        most = self._schema.prediction_length
        wanted = self._record.get("prediction_length", most)
        if isinstance(wanted, bool) or not isinstance(wanted, int):
            yield "prediction_length", f"is {shown(wanted)}; it needs a whole number of days, 1 to {most}"
        elif not 1 <= wanted <= most:
            yield "prediction_length", f"is {shown(wanted)}; the model forecasts 1 to {most} days"
        else:
            self._days = wanted

    def _history(self) -> Iterator[tuple[str, str]]:
        history = self._record.get("history")
        if history is None:
            return
        if not isinstance(history, dict):
            yield "history", f"is {shown(history)}; it needs an object of start and target"
            return
        yield from _unknown("history", history, ("start", "target", "known"))
        start, target = _date(history.get("start")), history.get("target")
        if start is None:
            yield "history.start", f"is {shown(history.get('start'))}; it needs a date, as 2026-01-31"
        if not isinstance(target, list) or not target:
            yield "history.target", f"is {shown(target)}; it needs {_A_LIST}, null where a day is missing"
            return
        if reason := _first_fault(self._schema.target, target, is_nullable=True):
            yield "history.target", reason
        yield from self._past(history.get("known", {}), len(target))
        if start is not None:
            try:
                self._begin = start + timedelta(len(target))
                _ = self._begin + timedelta(self._schema.prediction_length)
            except OverflowError:
                self._begin = None
                yield "history.start", "is so late that there are no dates after the history"

    def _past(self, past: object, days: int) -> Iterator[tuple[str, str]]:
        if not isinstance(past, dict):
            yield "history.known", f"is {shown(past)}; it needs an object of the features' values"
            return
        yield from _unknown("history.known", past, [each.name for each in self._schema.known])
        for feature in self._schema.known:
            if feature.name not in past:
                continue
            field, values = f"history.known.{feature.name}", past[feature.name]
            if not isinstance(values, list) or len(values) != days:
                yield field, f"{_said(values)}; it needs as many as target has, {days}"
            elif reason := _first_fault(feature, values):
                yield field, reason

    def _known(self) -> Iterator[tuple[str, str]]:
        known = self._record.get("known", {})
        if not isinstance(known, dict):
            yield "known", f"is {shown(known)}; it needs an object of the features that are known ahead"
            return
        yield from _unknown("known", known, [each.name for each in self._schema.known])
        for feature in self._schema.known:
            field = f"known.{feature.name}"
            if feature.name not in known:
                yield field, "is missing"
            elif reason := self._ahead_fault(feature, known[feature.name]):
                yield field, reason

    def _ahead_fault(self, feature: Number, values: object) -> str | None:
        """Why `values` are not those of each day of the horizon."""
        days = self._days
        if isinstance(values, list):
            if days is not None and len(values) != days:
                return f"{_said(values)}; it needs {days}, one for each day of the horizon"
            return _first_fault(feature, values)
        if not isinstance(values, dict):
            wanted = f"{days} numbers" if days is not None else "numbers"
            return f"is {shown(values)}; it needs a list of {wanted}, one a day, or an object of dates"
        for text, value in values.items():
            if _date(text) is None:
                return f"has {shown(text)} where a date belongs, as 2026-01-31"
            if reason := feature.fault(value):
                return f"on {text} {reason}"
        return self._gap(values) if days is not None else None

    def _gap(self, values: dict[str, object]) -> str | None:
        """Which days of the horizon have no value; without a history the model alone knows which they are."""
        assert self._days is not None
        if self._begin is None:
            if len(values) >= self._days:
                return None
            return f"has {len(values)} dates; it needs one for each of the {self._days} days of the horizon"
        missing = [each for each in days_from(self._begin, self._days) if each not in values]
        if not missing:
            return None
        more = f" and {len(missing) - 3} more days" if len(missing) > 3 else ""
        return f"has no value for {', '.join(missing[:3])}{more}"

    def _static(self) -> Iterator[tuple[str, str]]:
        static = self._record.get("static")
        if static is None:
            return
        if not isinstance(static, dict):
            yield "static", f"is {shown(static)}; it needs an object of texts and counts"
            return
        if "history" not in self._record:
            yield "static", "belongs to a history; of the series that it has, the model knows it"
        counts = {each.name: each for each in self._schema.counts}
        yield from _unknown("static", static, [*self._schema.further_static, *counts])
        for name, value in static.items():
            if name in counts:
                reason = counts[name].fault(value)
            else:
                reason = _text_fault(value) if name in self._schema.further_static else None
            if reason:
                yield f"static.{name}", reason


def _unknown(field: str, given: dict[str, object], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in given:
        if name not in names:
            there = f"there are: {', '.join(names)}" if names else "there is none"
            yield field, f"has {shown(name)}, which is not known; {there}"


def _text_fault(value: object) -> str | None:
    if not isinstance(value, str):
        return f"is {shown(value)}; it needs text, in quotes"
    if not 0 < len(value) <= LONGEST_TEXT:
        return f"has {len(value)} characters; it needs 1 to {LONGEST_TEXT}"
    if not value.isprintable():
        return f"is {shown(value)}; it has characters that cannot be printed"
    return None


def _first_fault(feature: Number, values: Sequence[object], is_nullable: bool = False) -> str | None:
    """The first day's fault, and how many more there are."""
    found = [
        (day, reason)
        for day, value in enumerate(values, start=1)
        if not (is_nullable and value is None) and (reason := feature.fault(value))
    ]
    if not found:
        return None
    day, reason = found[0]
    return f"on day {day} {reason}" + (f", and {len(found) - 1} more days" if len(found) > 1 else "")


def _said(values: object) -> str:
    return f"has {len(values)} values" if isinstance(values, list) else f"is {shown(values)}"


def _date(text: object) -> date | None:
    """The day in text such as 2026-01-31; None for what is none."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
