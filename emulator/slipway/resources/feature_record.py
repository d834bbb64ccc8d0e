"""A record of a feature group: checked, and in the two forms in which it is kept."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from slipway.errors import RuntimeValidationError
from slipway.resources.document import Document
from slipway.resources.feature_group import Feature, FeatureGroup

MICROSECONDS = 1_000_000
# Developer guide, Feature Store quotas: 350 KB a record, 2 KB an identifier.
LARGEST_RECORD = 350 * 1024
LARGEST_IDENTIFIER = 2 * 1024
INTEGERS = range(-(2**63), 2**63)
INTEGER = re.compile(r"[+-]?[0-9]+")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# The two forms of a String event time (API reference, CreateFeatureGroup), in UTC.
EVENT_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")
EVENT_TIME_FORMS = "yyyy-MM-dd'T'HH:mm:ssZ or yyyy-MM-dd'T'HH:mm:ss.SSSZ"
# A timestamp of Parquet, and a year of four digits in a folder's name.
LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()

FeatureValues = Sequence[Document]


@dataclass(frozen=True, slots=True)
class Record:
    """What PutRecord brings, checked; features without a value are not there. Times in microseconds."""

    identifier: str
    event_us: int
    values: FeatureValues

    def reply(self) -> bytes:
        """The record as GetRecord answers it: kept ready, so that a look-up is a copy."""
        return json.dumps(self.values).encode()

    def line(self, group: FeatureGroup, invoked_us: int) -> str:
        """The record as the offline store's journal holds it: values by the place of their feature."""
        features = group.features
        by_place = {
            features[each["FeatureName"]].place: each.get("ValueAsString", each.get("ValueAsStringList"))
            for each in self.values
        }
        return json.dumps({"api": invoked_us, "del": False, **by_place}, separators=(",", ":"))


def read_record(group: FeatureGroup, values: FeatureValues) -> Record:
    """The record in `values`. Raises RuntimeValidationError, naming the feature; the texts are ours."""
    features = group.features
    kept: dict[str, Document] = {}
    size = 0
    for value in values:
        name = value["FeatureName"]
        feature = features.get(name)
        if feature is None:
            raise RuntimeValidationError(
                f"Validation Error: FeatureGroup {group.name} has no feature '{name}'; add it with "
                "UpdateFeatureGroup or leave it out."
            )
        if name in kept:
            raise RuntimeValidationError(f"Validation Error: feature '{name}' is there twice; give it once.")
        text = value.get("ValueAsString")
        if feature.collection is not None or "ValueAsStringList" in value:
            size += _check_list(feature, value)
        elif text is None:
            continue
        else:
            check_value(feature, text)
            size += len(text)
        kept[name] = value
    for name in (group.identifier, group.event_time):
        if name not in kept:
            raise RuntimeValidationError(
                f"Validation Error: the record has no value for '{name}', its "
                f"{'identifier' if name == group.identifier else 'event time'}; every record needs one."
            )
    if size > LARGEST_RECORD:
        raise RuntimeValidationError(
            f"Validation Error: the record has {size} characters; at most {LARGEST_RECORD} can be kept."
        )
    identifier = kept[group.identifier]["ValueAsString"]
    check_identifier(group, identifier)
    event_us = event_time(group, kept[group.event_time]["ValueAsString"])
    return Record(identifier, event_us, list(kept.values()))


def check_identifier(group: FeatureGroup, identifier: str) -> None:
    """Raise RuntimeValidationError for what can identify no record of the group."""
    if not identifier or len(identifier.encode()) > LARGEST_IDENTIFIER:
        raise RuntimeValidationError(
            f"Validation Error: the record identifier '{group.identifier}' must have from 1 to "
            f"{LARGEST_IDENTIFIER} bytes."
        )
    check_value(group.features[group.identifier], identifier)


def check_value(feature: Feature, text: str) -> None:
    """Raise RuntimeValidationError where a value is not of its feature's type."""
    if feature.type == "String":
        return
    if feature.type == "Integral":
        holds = INTEGER.fullmatch(text) is not None and len(text) < 21 and int(text) in INTEGERS
    else:
        holds = NUMBER.fullmatch(text) is not None and math.isfinite(float(text))
    if not holds:
        raise RuntimeValidationError(
            f"Validation Error: '{text[:100]}' is no value of feature '{feature.name}', "
            f"which is {feature.type}."
        )


def event_time(group: FeatureGroup, text: str) -> int:
    """An event time in microseconds since 1970. Raises RuntimeValidationError for another format."""
    feature = group.features[group.event_time]
    if feature.type == "Fractional":
        check_value(feature, text)
        seconds = float(text)
        if not 0 <= seconds <= LAST_SECOND:
            raise RuntimeValidationError(
                f"Validation Error: EventTime '{text[:100]}' is no Unix timestamp in seconds."
            )
        return round(seconds * MICROSECONDS)
    try:
        if EVENT_TIME.fullmatch(text) is None:
            raise ValueError
        moment = datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError:
        raise RuntimeValidationError(
            f"Validation Error: EventTime '{text[:100]}' of feature '{feature.name}' has not the format "
            f"{EVENT_TIME_FORMS}."
        ) from None
    return round(moment.timestamp() * 1000) * 1000


def deletion_line(group: FeatureGroup, identifier: str, event_time_text: str, invoked_us: int) -> str:
    """The marker of a deletion in the offline store's journal: everything but identifier and time is null."""
    by_place = {
        group.features[group.identifier].place: identifier,
        group.features[group.event_time].place: event_time_text,
    }
    return json.dumps({"api": invoked_us, "del": True, **by_place}, separators=(",", ":"))


def updated(present: FeatureValues, changes: FeatureValues) -> FeatureValues:
    """The values of a record after UpdateRecord: what is not named stays as it is."""
    merged: dict[str, Mapping[str, object]] = {each["FeatureName"]: each for each in present}
    names = [each["FeatureName"] for each in changes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RuntimeValidationError(f"Validation Error: feature '{twice[0]}' is there twice; give it once.")
    merged |= {each["FeatureName"]: each for each in changes}
    return [dict(each) for each in merged.values()]


def _check_list(feature: Feature, value: Document) -> int:
    items = value.get("ValueAsStringList")
    if feature.collection is None or items is None:
        wanted = "ValueAsString" if feature.collection is None else "ValueAsStringList"
        what = "no collection" if feature.collection is None else f"a {feature.collection}"
        raise RuntimeValidationError(
            f"Validation Error: feature '{feature.name}' is {what}; give its value as {wanted}."
        )
    if "ValueAsString" in value:
        raise RuntimeValidationError(
            f"Validation Error: feature '{feature.name}' has both ValueAsString and ValueAsStringList."
        )
    if feature.dimension is not None and len(items) != feature.dimension:
        raise RuntimeValidationError(
            f"Validation Error: feature '{feature.name}' is a Vector of {feature.dimension} values, not "
            f"{len(items)}."
        )
    for item in items:
        check_value(feature, item)
    return sum(map(len, items))
