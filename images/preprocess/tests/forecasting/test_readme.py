"""What the README says of forecasting is what the code does."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from preprocess.forecasting.places import EARTH_RADIUS_METERS
from preprocess.forecasting.writing import EVERY_NAME
from smcontract.failure import ContractError

from tests.forecasting.conftest import DAYS, DOCUMENT, Row, csv_of, iso, parse, run, write

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FORECASTING = README.partition("\n## Forecasting\n")[2].partition("\n## Failures\n")[0]
MESSAGES: dict[str, str] = dict(re.findall(r"^\| ([^|`]+) \| `(.+?)` \|$", FORECASTING, re.MULTILINE))
EXAMPLES = re.findall(r"^```json\n(.*?)^```$", FORECASTING, re.MULTILINE | re.DOTALL)

PLACES = {
    "column": "shop",
    "radius_meters": 1000,
    "locations": {"1": {"latitude": 51.5, "longitude": 0}},
    "counts": {"amenity_count": "amenity"},
}
MAP = '<osm version="0.6"><node id="1" version="1" lat="{}" lon="0"><tag k="amenity" v="bar"/></node></osm>'

Change = Callable[[list[Row]], object]


def changed(place: int, **cells: str) -> Change:
    return lambda sales: sales[place].update(cells)


def weekly(sales: list[Row]) -> None:
    sales.extend({**sales[0], "shop": "9", "day": iso(7 * week)} for week in range(-5, 2))


WRONG_ROWS: dict[str, Change] = {
    "two frequencies are mixed": weekly,
    "rows of a day differ": lambda sales: sales.append({**sales[0], "sold": "9"}),
    "a negative quantity": changed(0, sold="-1"),
    "a fraction of a whole number": changed(0, sold="2.5"),
    "a date is unreadable": changed(0, day="31.12.2025"),
    "a series is too short": lambda sales: sales.__delitem__(slice(0, DAYS - 8)),
    "a series is all 0": lambda sales: [row.update(sold="0") for row in sales if row["good"] == "7"],
    "a category changes": changed(20, kind="bread"),
    "a year is mistyped": changed(0, day="1925-12-20"),
}
WRONG_SCHEMAS: dict[str, dict[str, Any]] = {
    "another frequency in the schema": {"frequency": "W"},
    "the country is unknown": {"holidays": "Atlantis"},
    "there is no map": {"places": PLACES},
}
WRONG_MAPS = {
    "a map is damaged": "<osm",
    "a map of another region": MAP.format(-33),
    "a place has no location": MAP.format(51.5),
}
WIDE = "wide rows, and prices in the schema"


def refusal(ml: Path) -> str:
    with pytest.raises(ContractError) as refused:
        run(ml)
    return str(refused.value)


def says(message: str, documented: str) -> bool:
    """Whether `message` is the documented one, whose … stand for anything."""
    return re.fullmatch(".*".join(map(re.escape, documented.split("…"))), message) is not None


def test_every_documented_message_is_tried() -> None:
    assert set(MESSAGES) == {*WRONG_ROWS, *WRONG_SCHEMAS, *WRONG_MAPS, WIDE}


@pytest.mark.parametrize("wrong", WRONG_ROWS)
def test_wrong_rows_have_the_documented_message(ml: Path, sales: list[Row], wrong: str) -> None:
    WRONG_ROWS[wrong](sales)
    write(ml / "processing/input/data/sales.csv", csv_of(sales))

    message = refusal(ml)

    assert says(message, MESSAGES[wrong]), message


@pytest.mark.parametrize("wrong", WRONG_SCHEMAS)
def test_a_wrong_schema_has_the_documented_message(ml: Path, wrong: str) -> None:
    write(ml / "processing/input/schema/schema.json", json.dumps(DOCUMENT | WRONG_SCHEMAS[wrong]).encode())

    message = refusal(ml)

    assert says(message, MESSAGES[wrong]), message


@pytest.mark.parametrize("wrong", WRONG_MAPS)
def test_a_wrong_map_has_the_documented_message(ml: Path, wrong: str) -> None:
    write(ml / "processing/input/schema/schema.json", json.dumps(DOCUMENT | {"places": PLACES}).encode())
    write(ml / "processing/input/places/map.osm", WRONG_MAPS[wrong].encode())

    message = refusal(ml)

    assert says(message, MESSAGES[wrong]), message


def test_wide_rows_have_the_documented_message(ml: Path) -> None:
    write(ml / "processing/input/data/sales.csv", b"day,1_20\n2025-12-30,3\n")

    message = refusal(ml)

    assert says(message, MESSAGES[WIDE]), message


def test_the_table_of_outputs_is_complete() -> None:
    table = re.search(r"^\| output \|.*\n\|[-|]+\n((?:\|.*\n)+)", FORECASTING, re.MULTILINE)
    assert table is not None

    first_cells = [line.split("|")[1] for line in table[1].splitlines()]
    assert sorted(re.findall(r"`(\S+)`", "".join(first_cells))) == sorted(EVERY_NAME)


def test_the_schema_example_works() -> None:
    schema = parse(json.loads(EXAMPLES[0]))

    assert schema.columns == ("date", "shop", "good", "kind", "price", "sold")


def test_a_series_is_as_the_example_shows(ml: Path) -> None:
    line = (run(ml) / "train/series.jsonl").read_text().splitlines()[0]
    assert list(json.loads(line)) == list(json.loads(EXAMPLES[1]))


def test_documented_limits_are_the_ones_in_force() -> None:
    assert f"a sphere of {EARTH_RADIUS_METERS:,} m" in FORECASTING
