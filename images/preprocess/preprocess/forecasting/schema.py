"""schema.json of a forecasting project: what makes a series, what is forecast, and what is known ahead."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from smcontract.failure import ContractError

from preprocess.schema import FEATURE_NAME, SCHEMA_VERSION, NumericFeature, SchemaFile
from preprocess.schema_fields import bound_of, check_unique, fields_of, items_of, schema_error, text_of

PROBLEM_TYPE = "Forecasting"
# The alias that pandas and GluonTS give to one row a day.
DAILY = "D"
IS_HOLIDAY = "is_holiday"
LONGEST_PREDICTION = 366
_REQUIRED = ("version", "problem_type", "frequency", "prediction_length", "timestamp", "item_id", "target")
_NUMBER_KEYS = ("minimum", "maximum")


class Scaling(StrEnum):
    """How a trainer brings a known number to a size that a model likes; the channels hold it as it came."""

    RELATIVE = "relative"
    STANDARD = "standard"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class KnownFeature:
    """A number that is known for the days to forecast, too."""

    number: NumericFeature
    scaling: Scaling

    @property
    def name(self) -> str:
        """Its column."""
        return self.number.name


@dataclass(frozen=True, slots=True)
class Location:
    """A point on the earth, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Places:
    """Where the values of a column are, and which OpenStreetMap keys are counted around them."""

    column: str
    radius_meters: float
    locations: Mapping[str, Location]
    counts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ForecastSchema:
    """The columns of a forecasting project, and the very bytes they were read from."""

    prediction_length: int
    timestamp: str
    item_id: tuple[str, ...]
    target: NumericFeature
    static: tuple[str, ...]
    known: tuple[KnownFeature, ...]
    holidays: str | None
    places: Places | None
    content: bytes

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns of text: those of the key, then the other ones that a series has one value of."""
        return (*self.item_id, *(name for name in self.static if name not in self.item_id))

    @property
    def numbers(self) -> tuple[NumericFeature, ...]:
        """The columns of numbers: the known ones, then the target."""
        return (*(feature.number for feature in self.known), self.target)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that long rows must have."""
        return (self.timestamp, *self.texts, *(feature.name for feature in self.numbers))

    @property
    def sha256(self) -> str:
        """The digest of the file, which ties a panel to it."""
        return hashlib.sha256(self.content).hexdigest()


def is_forecasting(file: SchemaFile) -> bool:
    """Whether a schema is one of this kind; whoever needs it says what is wrong with it."""
    try:
        document, _ = file.read()
    except ContractError:
        return False
    return isinstance(document, dict) and document.get("problem_type") == PROBLEM_TYPE


def read_forecast_schema(folder: Path) -> ForecastSchema:
    """The schema in `folder`. Raises ContractError, naming the key, where it cannot be used."""
    return parse_forecast_schema(*SchemaFile(folder).read())


def parse_forecast_schema(document: object, content: bytes) -> ForecastSchema:
    """The schema that the JSON `document` describes. Raises ContractError naming the key."""
    fields = fields_of(
        document,
        "",
        required=_REQUIRED,
        optional=("static", "known", "holidays", "places"),
    )
    if fields["version"] != SCHEMA_VERSION:
        raise schema_error("version", f"is {fields['version']!r}; this image reads version {SCHEMA_VERSION}")
    if fields["problem_type"] != PROBLEM_TYPE:
        raise schema_error("problem_type", f"is {fields['problem_type']!r}; it must be {PROBLEM_TYPE} here")
    if fields["frequency"] != DAILY:
        raise schema_error(
            "frequency", f"is {fields['frequency']!r}; this image knows {DAILY} alone, one row a day"
        )
    static = _names(fields.get("static") or [], "static")
    item_id = _names(fields["item_id"], "item_id")
    if not item_id:
        raise schema_error("item_id", "must name at least one column")
    known = tuple(_known(item, f"known[{at}]") for at, item in enumerate(_list(fields, "known")))
    schema = ForecastSchema(
        prediction_length=_prediction_length(fields["prediction_length"]),
        timestamp=text_of(
            fields_of(fields["timestamp"], "timestamp", required=("name",))["name"], "timestamp.name"
        ),
        item_id=item_id,
        target=_number(fields["target"], "target"),
        static=static,
        known=known,
        holidays=None if fields.get("holidays") is None else text_of(fields["holidays"], "holidays"),
        places=_places(fields.get("places"), (*item_id, *static)),
        content=content,
    )
    check_unique(schema.columns, "the columns")
    features = [feature.name for feature in known] + ([IS_HOLIDAY] if schema.holidays else [])
    check_unique(features, "the features that are known ahead")
    return schema


def _list(fields: dict[str, object], key: str) -> list[object]:
    value = fields.get(key)
    return [] if value is None or value == [] else items_of(value, key)


def _names(value: object, where: str) -> tuple[str, ...]:
    items = [] if value == [] else items_of(value, where)
    names = tuple(text_of(item, f"{where}[{at}]") for at, item in enumerate(items))
    check_unique(names, where)
    return names


def _prediction_length(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LONGEST_PREDICTION:
        raise schema_error("prediction_length", f"must be a whole number of days, 1 to {LONGEST_PREDICTION}")
    return value


def _known(value: object, where: str) -> KnownFeature:
    scaling = value.get("scaling", Scaling.STANDARD) if isinstance(value, dict) else None
    number = _number(value, where, optional=("scaling",))
    if scaling not in tuple(Scaling):
        raise schema_error(f"{where}.scaling", f"is {scaling!r}; it must be {', '.join(Scaling)}")
    return KnownFeature(number, Scaling(scaling))


def _number(value: object, where: str, optional: tuple[str, ...] = ()) -> NumericFeature:
    fields = fields_of(value, where, required=("name", "type"), optional=(*_NUMBER_KEYS, *optional))
    if fields["type"] not in ("Integral", "Fractional"):
        raise schema_error(f"{where}.type", f"is {fields['type']!r}; it must be Integral or Fractional")
    minimum, maximum = (bound_of(fields.get(key), f"{where}.{key}") for key in _NUMBER_KEYS)
    if minimum is not None and maximum is not None and minimum > maximum:
        raise schema_error(where, f"has the minimum {minimum} above the maximum {maximum}")
    return NumericFeature(
        name=text_of(fields["name"], f"{where}.name"),
        integral=fields["type"] == "Integral",
        minimum=minimum,
        maximum=maximum,
        standardised=False,
        nullable=False,
    )


def _places(value: object, texts: tuple[str, ...]) -> Places | None:
    if value is None:
        return None
    fields = fields_of(value, "places", required=("column", "radius_meters", "locations", "counts"))
    column = text_of(fields["column"], "places.column")
    if column not in texts:
        raise schema_error("places.column", f"is {column!r}; it must be one of item_id or static")
    radius = bound_of(fields["radius_meters"], "places.radius_meters")
    if radius is None or radius <= 0:
        raise schema_error("places.radius_meters", "must be a number above 0")
    locations = {
        name: _location(item, f"places.locations.{name}")
        for name, item in _members(fields["locations"], "places.locations").items()
    }
    counts = {
        name: text_of(key, f"places.counts.{name}")
        for name, key in _members(fields["counts"], "places.counts").items()
    }
    # They are features of a feature group.
    for name in (column, *counts):
        if not FEATURE_NAME.fullmatch(name):
            raise schema_error(
                f"places: '{name}'", "cannot name a feature; use letters and digits, with _ or - between them"
            )
    check_unique((column, "latitude", "longitude", *counts), "the features of places")
    return Places(column, float(radius), locations, counts)


def _members(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict) or not value:
        raise schema_error(where, "must be a JSON object with at least one member")
    return value


def _location(value: object, where: str) -> Location:
    fields = fields_of(value, where, required=("latitude", "longitude"))
    degrees = []
    for key, limit in (("latitude", 90), ("longitude", 180)):
        number = bound_of(fields[key], f"{where}.{key}")
        if number is None or abs(number) > limit:
            raise schema_error(f"{where}.{key}", f"must be a number of degrees, -{limit} to {limit}")
        degrees.append(float(number))
    return Location(*degrees)
