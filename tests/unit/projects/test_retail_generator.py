import csv
import math
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from statistics import mean, variance

import pytest
import yaml

from projects.retail.generate import (
    COLUMNS,
    ITEMS,
    LAST_DAY,
    PROMOTION_PRICE,
    ROWS,
    STORES,
    rows,
    series_keys,
    write_places,
    write_rows,
)
from scripts.commands import ROOT

Row = dict[str, str]


@pytest.fixture(scope="module")
def generated() -> list[Row]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows(ROWS, seed=7)]


def price(row: Row) -> float:
    return float(row["unit_price"].replace(",", "."))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_rows(tmp_path / f"{name}.csv", 500, seed)
        write_places(tmp_path / f"{name}.osm", seed)

    for kind in ("csv", "osm"):
        a, b, c = ((tmp_path / f"{name}.{kind}").read_bytes() for name in "abc")
        assert a == b != c


def test_the_file_is_written_as_spreadsheets_write_it(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv", 300, seed=1)

    lines = (tmp_path / "rows.csv").read_text().splitlines()
    assert lines[0] == "date;store;item;unit_price;category;quantity"
    assert len(lines) == 301
    assert all("," in row["unit_price"] for row in csv.DictReader(lines, delimiter=";"))
    assert lines[1:] != sorted(lines[1:])


def test_the_panel_has_the_shape_of_the_one_that_is_measured_on(generated: list[Row]) -> None:
    keys = Counter((row["store"], row["item"]) for row in generated)
    days = {row["date"] for row in generated}
    span = {(date(2024, 1, 1) + timedelta(days=day)).isoformat() for day in range(760)}

    # The panel that retail is measured on has 73,010 rows too,
    # 6 stores by 17 items, 98 series, 2024-01-01 to 2026-01-29, one day closed everywhere.
    assert (len(generated), len(keys), len(STORES), len(ITEMS)) == (ROWS, 98, 6, 17)
    assert set(keys) == set(series_keys())
    assert span - days == {"2024-12-25"}
    assert max(days) == LAST_DAY.isoformat() == "2026-01-29"
    # Some 2 % of a series' days are missing.
    assert all(0.005 < 1 - count / 759 < 0.04 for count in keys.values())
    assert len({(row["date"], row["store"], row["item"]) for row in generated}) == ROWS


def test_fewer_rows_are_fewer_days_of_all_series() -> None:
    few = [dict(zip(COLUMNS, row, strict=True)) for row in rows(20_000, seed=0)]

    assert len(few) == 20_000
    assert len({(row["store"], row["item"]) for row in few}) == 98
    days = {row["date"] for row in few}
    assert (max(days), "2025-12-25" in days) == ("2026-01-29", False)
    # Enough for two horizons of 30 days, and several times as many before them.
    assert len(days) > 200


def test_an_item_has_one_category_and_two_prices(generated: list[Row]) -> None:
    categories, prices = defaultdict(set), defaultdict(set)
    for row in generated:
        categories[row["item"]].add(row["category"])
        prices[row["item"]].add(price(row))

    assert {item: {kind} for item, (kind, *_) in ITEMS.items()} == categories
    for low, high in map(sorted, prices.values()):
        assert low == pytest.approx(high * PROMOTION_PRICE, abs=0.01)


def test_a_promotion_sells_more_and_a_weekday_is_another_than_saturday(generated: list[Row]) -> None:
    usual = {item: max(price(row) for row in generated if row["item"] == item) for item in ITEMS}
    sold = defaultdict(list)
    for row in generated:
        is_promoted = price(row) < usual[row["item"]]
        sold[row["category"], is_promoted, date.fromisoformat(row["date"]).weekday()].append(
            int(row["quantity"])
        )

    for category in {kind for kind, *_ in ITEMS.values()}:
        for weekday in range(7):
            # The weakest elasticity that is drawn is 1.6: half as much again.
            assert mean(sold[category, True, weekday]) > 1.2 * mean(sold[category, False, weekday])
        assert mean(sold[category, False, 5]) > 1.1 * mean(sold[category, False, 1])


def test_counts_vary_more_than_poisson_counts_would(generated: list[Row]) -> None:
    sold = defaultdict(list)
    for row in generated:
        month, weekday = row["date"][:7], date.fromisoformat(row["date"]).weekday()
        sold[row["store"], row["item"], price(row), month, weekday].append(int(row["quantity"]))

    groups = [counts for counts in sold.values() if len(counts) >= 4 and mean(counts) > 0]
    # Of Poisson counts the variance is the mean.
    assert mean(variance(counts) / mean(counts) for counts in groups) > 1.5
    assert all(int(row["quantity"]) >= 0 for row in generated)


def test_the_map_has_places_of_every_form_and_others(tmp_path: Path) -> None:
    write_places(tmp_path / "map.osm", seed=0)
    root = ElementTree.parse(tmp_path / "map.osm").getroot()

    forms = {(element.tag, tag.get("k")) for element in root for tag in element.iter("tag")}

    assert forms >= {
        (form, key) for form in ("node", "way", "relation") for key in ("amenity", "tourism")
    } - {("relation", "tourism")}
    assert ("node", "shop") in forms
    # A reader in one pass must have seen whatever an element refers to.
    order = [element.tag for element in root]
    assert order == sorted(order, key=["node", "way", "relation"].index)


def test_the_stores_are_where_the_project_says() -> None:
    project = yaml.safe_load((ROOT / "projects/retail/project.yaml").read_text())

    assert project["places"]["locations"] == {
        name: {"latitude": store.latitude, "longitude": store.longitude} for name, store in STORES.items()
    }
    assert project["places"]["radius_meters"] == 1500


def test_no_place_can_be_near_two_stores() -> None:
    stores = list(STORES.values())
    for at, one in enumerate(stores):
        for other in stores[:at]:
            north = math.radians(other.latitude - one.latitude)
            east = math.radians(other.longitude - one.longitude) * math.cos(math.radians(one.latitude))
            # The map's farthest places are 2,400 m from their store.
            assert math.hypot(north, east) * 6_371_000 > 1500 + 2400
