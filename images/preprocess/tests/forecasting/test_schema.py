"""schema.json of a forecasting project: what is read from it, and how it is refused."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from preprocess.forecasting.schema import Location, Scaling, is_forecasting
from preprocess.schema import SchemaFile
from smcontract.failure import ContractError

from tests.forecasting.conftest import parse, write

PLACES: dict[str, Any] = {
    "column": "shop",
    "radius_meters": 1500,
    "locations": {"1": {"latitude": 51.5, "longitude": -0.12}, "2": {"latitude": 51.6, "longitude": 0}},
    "counts": {"amenity_count": "amenity"},
}


def test_the_columns_are_the_day_the_texts_the_numbers(document: dict[str, Any]) -> None:
    schema = parse(document)

    assert schema.columns == ("day", "shop", "good", "kind", "price", "sold")
    assert schema.known[0].scaling is Scaling.RELATIVE
    assert schema.sha256 == hashlib.sha256(json.dumps(document).encode()).hexdigest()


def test_static_known_holidays_and_places_may_be_left_out(document: dict[str, Any]) -> None:
    del document["static"], document["known"]

    schema = parse(document)

    assert (schema.static, schema.known, schema.holidays, schema.places) == ((), (), None, None)


def test_places_have_locations_and_counts(document: dict[str, Any]) -> None:
    document["places"] = PLACES

    places = parse(document).places

    assert places is not None
    assert places.locations["2"] == Location(51.6, 0.0)
    assert places.counts == {"amenity_count": "amenity"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": 2}, "version is 2"),
        ({"frequency": "W"}, "frequency is 'W'; this image knows D alone"),
        ({"prediction_length": 0}, "prediction_length must be a whole number of days, 1 to 366"),
        ({"prediction_length": True}, "prediction_length must be a whole number"),
        ({"item_id": []}, "item_id must name at least one column"),
        ({"item_id": ["shop", "shop"]}, "'shop' occurs twice among item_id"),
        ({"target": {"name": "sold", "type": "String"}}, "target.type is 'String'"),
        ({"target": {"name": "price", "type": "Integral"}}, "'price' occurs twice among the columns"),
        ({"known": [{"name": "price", "type": "Fractional", "scaling": "log"}]}, "known[0].scaling is 'log'"),
        (
            {"known": [{"name": "is_holiday", "type": "Integral"}], "holidays": "GB"},
            "'is_holiday' occurs twice",
        ),
        ({"horizon": 3}, "horizon is not a known key"),
        (
            {"places": PLACES | {"column": "town"}},
            "places.column is 'town'; it must be one of item_id or static",
        ),
        ({"places": PLACES | {"radius_meters": 0}}, "places.radius_meters must be a number above 0"),
        ({"places": PLACES | {"counts": {}}}, "places.counts must be a JSON object with at least one member"),
        ({"places": PLACES | {"counts": {"how many": "shop"}}}, "'how many' cannot name a feature"),
        (
            {"places": PLACES | {"locations": {"1": {"latitude": 91, "longitude": 0}}}},
            "places.locations.1.latitude must be a number of degrees, -90 to 90",
        ),
    ],
)
def test_a_wrong_member_is_named(document: dict[str, Any], change: dict[str, Any], told: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse(document | change)

    assert told in str(refused.value)


def test_the_problem_type_tells_the_kind_and_a_schema_that_cannot_be_read_is_none(
    document: dict[str, Any], tmp_path: Path
) -> None:
    assert not is_forecasting(SchemaFile(tmp_path))
    write(tmp_path / "schema.json", b'{"version": 1, "target": {}, "features": []}')
    assert not is_forecasting(SchemaFile(tmp_path))
    write(tmp_path / "schema.json", json.dumps(document).encode())
    assert is_forecasting(SchemaFile(tmp_path))
