"""Synthetic daily sales: nobody's shops, drawn from a seed, with real signal in them.

Six stores, 17 items, 98 series of counts. A day's demand is negative binomial
around a mean of store, item, trend, weekday, season, promotion and the holidays'
rush; promotions show in the price and are known ahead. Beside the sales there
is a small map of the places around the stores. Figures on these rows say that
the machinery works and nothing about any shop.

Standard library only: it runs before the project's environment exists.
"""

import argparse
import math
import random
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

COLUMNS = ("date", "store", "item", "unit_price", "category", "quantity")
LAST_DAY = date(2026, 1, 29)
# Two years of days, so that each season is seen twice.
ROWS = 73_010
# As many as a run makes: two years of 98 series, so that every season has been seen twice.
ROWS = 73_010


@dataclass(frozen=True, slots=True)
class Store:
    """Where a store is (degrees), how much it sells beside others, and how many places are near it."""

    latitude: float
    longitude: float
    size: float
    amenities: int
    tourism: int


# In London, at no real shop; more than 4 km from each other, so that no place is near two of them.
STORES = {
    "12": Store(51.5150, -0.1410, 1.3, 64, 21),
    "13": Store(51.5033, -0.2235, 1.1, 41, 6),
    "14": Store(51.5413, -0.0033, 1.0, 37, 9),
    "16": Store(51.4613, -0.1156, 0.9, 33, 4),
    "60": Store(51.3727, -0.0990, 0.75, 22, 2),
    "77": Store(51.5560, -0.2795, 0.65, 18, 5),
}
# category: (demand on Monday to Sunday beside the average, the season's strength, its best day of the year)
CATEGORIES = {
    "bakery": ((0.9, 0.86, 0.88, 0.94, 1.07, 1.25, 1.1), 0.08, 350),
    "beverages": ((0.84, 0.83, 0.87, 0.95, 1.2, 1.34, 0.97), 0.25, 200),
    "household": ((0.96, 0.92, 0.93, 0.96, 1.03, 1.18, 1.02), 0.05, 110),
    "produce": ((1.04, 0.97, 0.95, 0.96, 1.0, 1.14, 0.94), 0.15, 175),
}
# item: (category, price in pence, sold a day in a store of size 1)
ITEMS = {
    "110": ("beverages", 179, 48.0),
    "171": ("beverages", 1049, 17.0),
    "173": ("bakery", 265, 92.0),
    "221": ("produce", 145, 61.0),
    "234": ("produce", 320, 28.0),
    "328": ("produce", 1244, 19.0),
    "409": ("produce", 95, 74.0),
    "436": ("produce", 450, 24.0),
    "545": ("produce", 375, 33.0),
    "632": ("produce", 520, 21.0),
    "643": ("bakery", 410, 44.0),
    "690": ("produce", 210, 39.0),
    "746": ("bakery", 1199, 14.0),
    "752": ("bakery", 1536, 30.0),
    "903": ("household", 689, 12.0),
    "938": ("beverages", 225, 57.0),
    "962": ("household", 899, 9.0),
}
# What a store does not sell.
NOT_SOLD = frozenset({("12", "221"), ("14", "632"), ("60", "962"), ("77", "436")})

# How often a day of a series is not written down.
MISSING = 0.018
PROMOTION_PRICE = 0.78
PROMOTION_DAYS = (3, 7)
# About 15 days in a hundred are in a promotion.
PROMOTION_STARTS = 0.035
# The variance is mean + mean² / this.
DISPERSION = (6.0, 14.0)
# From here on a Poisson count is the normal one nearest to it.
_LARGE_MEAN = 60.0

# The map: places near a store are within the radius by a margin, the others beyond it by one.
RADIUS_METERS = 1500
_NEAR, _FAR = (0.02, 0.97), (1.05, 1.6)
_METERS_A_DEGREE = 111_195.0
AMENITIES = ("restaurant", "cafe", "pub", "bank", "pharmacy", "school", "library", "bench", "fuel")
TOURISM = ("hotel", "museum", "attraction", "gallery", "information", "viewpoint")
NEITHER = (("shop", "clothes"), ("highway", "bus_stop"), ("natural", "tree"), ("office", "company"))


def series_keys() -> list[tuple[str, str]]:
    """Store and item of every series, in order."""
    return [(store, item) for store in STORES for item in ITEMS if (store, item) not in NOT_SOLD]


def rows(count: int, seed: int) -> list[list[str]]:
    """`count` synthetic rows in the order of COLUMNS, unsorted; the same for the same seed, everywhere.

    There are as many days, up to LAST_DAY, as so many rows need when MISSING
    of them are lost. On the first 25 December among them every store is closed.
    """
    draw = random.Random(seed)
    days = _days(count)
    made = [row for store, item in series_keys() for row in _series(draw, store, item, days)]
    draw.shuffle(made)
    # What is cut off here are the missing days.
    return made[:count]


def _days(count: int) -> list[date]:
    """The days that are needed, without the one on which all is closed."""
    needed = math.ceil(count / (len(series_keys()) * (1 - MISSING)))
    days = [LAST_DAY - timedelta(days=back) for back in range(needed, -1, -1)]
    closed = next((day for day in days if (day.month, day.day) == (12, 25)), days[0])
    return [day for day in days if day != closed]


def _series(draw: random.Random, store: str, item: str, days: list[date]) -> Iterator[list[str]]:
    category, pence, level = ITEMS[item]
    level *= STORES[store].size * draw.uniform(0.8, 1.25)
    growth = draw.uniform(-0.1, 0.25)  # a year
    elasticity = draw.uniform(1.6, 3.0)
    dispersion = draw.uniform(*DISPERSION)
    promoted = _promotions(draw, len(days))
    for at, day in enumerate(days):
        mean = level * _season(category, day) * (1 + growth) ** ((day - LAST_DAY).days / 365)
        price = pence
        if promoted[at]:
            price = round(pence * PROMOTION_PRICE)
            mean *= PROMOTION_PRICE**-elasticity
        quantity = _poisson(draw, draw.gammavariate(dispersion, mean / dispersion))
        price_text = f"{price // 100},{price % 100:02d}"
        yield [day.isoformat(), store, item, price_text, category, str(quantity)]


def _season(category: str, day: date) -> float:
    week, strength, best_day = CATEGORIES[category]
    year = 1 + strength * math.cos(2 * math.pi * (day.timetuple().tm_yday - best_day) / 365.25)
    rush = 1.35 if day.month == 12 and 18 <= day.day <= 24 else 1.0
    return week[day.weekday()] * year * rush


def _promotions(draw: random.Random, days: int) -> list[bool]:
    promoted = [False] * days
    at = 0
    while at < days:
        if draw.random() < PROMOTION_STARTS:
            length = draw.randint(*PROMOTION_DAYS)
            promoted[at : at + length] = [True] * len(promoted[at : at + length])
            # The week after one has none.
            at += length + 7
        else:
            at += 1
    return promoted


def _poisson(draw: random.Random, mean: float) -> int:
    if mean > _LARGE_MEAN:
        return max(0, round(draw.gauss(mean, math.sqrt(mean))))
    # Knuth, The Art of Computer Programming 2, 3.4.1: how many uniform numbers multiply to e^-mean.
    limit, product, count = math.exp(-mean), draw.random(), 0
    while product > limit:
        product *= draw.random()
        count += 1
    return count


def write_rows(path: Path, count: int, seed: int) -> None:
    """Write `count` synthetic rows with a header to `path`: `;` between cells, a comma in prices."""
    with path.open("w", newline="", encoding="utf-8") as file:
        for row in (COLUMNS, *rows(count, seed)):
            file.write(";".join(row) + "\n")


class _Map:
    """An OpenStreetMap file in the making: nodes, then ways, then relations, each with its tags."""

    def __init__(self, draw: random.Random) -> None:
        self.nodes: list[ElementTree.Element] = []
        self.ways: list[ElementTree.Element] = []
        self.relations: list[ElementTree.Element] = []
        self._draw = draw

    def add_place(self, latitude: float, longitude: float, key: str, value: str) -> None:
        """A place as maps have it: mostly a point, sometimes its outline, seldom a relation of outlines."""
        form = self._draw.random()
        if form < 0.8:
            self._tag(self._node(latitude, longitude), key, value)
        elif form < 0.95:
            self._tag(self._outline(latitude, longitude), key, value)
        else:
            outline = self._outline(latitude, longitude)
            relation = self._element("relation", self.relations)
            ElementTree.SubElement(relation, "member", type="way", ref=outline.attrib["id"], role="outer")
            self._tag(relation, "type", "multipolygon")
            self._tag(relation, key, value)

    def _node(self, latitude: float, longitude: float) -> ElementTree.Element:
        return self._element("node", self.nodes, lat=f"{latitude:.7f}", lon=f"{longitude:.7f}")

    def _outline(self, latitude: float, longitude: float) -> ElementTree.Element:
        north, east = 0.0001, 0.00016  # some 11 metres
        corners = [(-north, -east), (-north, east), (north, east), (north, -east)]
        nodes = [self._node(latitude + up, longitude + right).attrib["id"] for up, right in corners]
        way = self._element("way", self.ways)
        for node in (*nodes, nodes[0]):
            ElementTree.SubElement(way, "nd", ref=node)
        return way

    def _element(self, kind: str, among: list[ElementTree.Element], **attributes: str) -> ElementTree.Element:
        element = ElementTree.Element(kind, {"id": str(len(among) + 1), "version": "1", **attributes})
        among.append(element)
        return element

    def _tag(self, element: ElementTree.Element, key: str, value: str) -> None:
        ElementTree.SubElement(element, "tag", k=key, v=value)

    def write(self, path: Path) -> None:
        """The file, as OSM XML 0.6."""
        root = ElementTree.Element("osm", version="0.6", generator="synthetic")
        root.extend((*self.nodes, *self.ways, *self.relations))
        ElementTree.indent(root)
        ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def write_places(path: Path, seed: int) -> None:
    """Write a map (.osm) of places near every store, and of others beyond RADIUS_METERS, to `path`."""
    draw = random.Random(seed)
    map_ = _Map(draw)
    for store in STORES.values():
        for key, values, near in (
            ("amenity", AMENITIES, store.amenities),
            ("tourism", TOURISM, store.tourism),
        ):
            for distances, count in ((_NEAR, near), (_FAR, near // 2)):
                for _ in range(count):
                    map_.add_place(*_around(draw, store, distances), key, draw.choice(values))
        for _ in range(store.amenities // 2):
            map_.add_place(*_around(draw, store, (_NEAR[0], _FAR[1])), *draw.choice(NEITHER))
    map_.write(path)


def _around(draw: random.Random, store: Store, distances: tuple[float, float]) -> tuple[float, float]:
    """Latitude and longitude of a point at a distance between these shares of the radius."""
    near, far = distances
    # The root spreads points evenly over the ring's area.
    meters = RADIUS_METERS * math.sqrt(draw.uniform(near**2, far**2))
    angle = draw.uniform(0, 2 * math.pi)
    north = meters * math.cos(angle) / _METERS_A_DEGREE
    east = meters * math.sin(angle) / (_METERS_A_DEGREE * math.cos(math.radians(store.latitude)))
    return store.latitude + north, store.longitude + east


def main() -> None:
    """Write a file of synthetic rows, and a map where one is asked for."""
    parser = argparse.ArgumentParser(description="Write synthetic daily sales and a map of the places near.")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--places", type=Path, help="where to write the map, ending in .osm")
    arguments = parser.parse_args()
    write_rows(arguments.output, arguments.rows, arguments.seed)
    print(f"{arguments.rows:,} synthetic rows (seed {arguments.seed}) in {arguments.output}")
    if arguments.places:
        write_places(arguments.places, arguments.seed)
        print(f"a map of places (seed {arguments.seed}) in {arguments.places}")


if __name__ == "__main__":
    main()
