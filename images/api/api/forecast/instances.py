"""Records without faults as the endpoint takes them."""

from datetime import date, timedelta
from typing import Any

from api.forecast.schema import ForecastSchema

Record = dict[str, Any]


def horizon(schema: ForecastSchema, record: Record) -> int:
    """How many days a record asks for."""
    return int(record.get("prediction_length", schema.prediction_length))


def item_id(schema: ForecastSchema, record: Record) -> str:
    """The series' key as the model has it: its parts joined by "_"."""
    return "_".join(record[name] for name in schema.item_id)


def instance(schema: ForecastSchema, record: Record) -> dict[str, object]:
    """A record without faults as the endpoint takes it."""
    sent: dict[str, object] = {"item_id": item_id(schema, record)}
    known = record.get("known", {})
    if (history := record.get("history")) is not None:
        start, target = date.fromisoformat(history["start"]), history["target"]
        sent |= {"start": history["start"], "target": target}
        static = {name: record[name] for name in schema.item_id if name in schema.static}
        if static := static | record.get("static", {}):
            sent["static"] = static
        past = history.get("known", {})
        known = {name: _joined(values, past.get(name), start, len(target)) for name, values in known.items()}
    return sent | ({"known": known} if known else {})


def _joined(values: Any, past: list[float] | None, start: date, days: int) -> Any:
    """A feature by its dates, in the history and after it, where the record tells its history."""
    if past is None:
        return values
    earlier = dict(zip(days_from(start, days), past, strict=True))
    if isinstance(values, list):
        return earlier | dict(zip(days_from(start + timedelta(days), len(values)), values, strict=True))
    return earlier | values


def days_from(start: date, days: int) -> list[str]:
    """So many days from `start` on, as 2026-01-31."""
    return [(start + timedelta(day)).isoformat() for day in range(days)]
