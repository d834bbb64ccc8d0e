"""Rows and maps of retail for the preprocess image, and what it must make of them, worked out apart."""

import json
import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas

from orchestration.project_file import load_project
from orchestration.schema import schema_document
from tests.support.preprocess_data import write_processing_root

NAME = "sales.csv"
HORIZON = 30
EARTH_RADIUS_METERS = 6_371_000


def retail_schema() -> dict[str, Any]:
    """The schema that retail's runs give to the image."""
    document: dict[str, Any] = json.loads(json.dumps(schema_document(load_project("retail"))))
    return document


def write_sales_root(
    root: Path, rows: bytes, places: bytes | None = None, schema: Mapping[str, Any] | None = None
) -> Path:
    """Prepare `root` as /opt/ml of a job on these rows and this map."""
    write_processing_root(root, {NAME: rows}, schema or retail_schema())
    if places is not None:
        (root / "processing/input/places").mkdir()
        (root / "processing/input/places/map.osm").write_bytes(places)
    return root


def panel_of(rows: Path) -> pandas.DataFrame:
    """Quantity and price by key and day, as pandas reads them."""
    frame = pandas.read_csv(
        rows, sep=";", decimal=",", parse_dates=["date"], dtype={"store": str, "item": str}
    )
    frame["item_id"] = frame["store"] + "_" + frame["item"]
    return frame


def expected_series(frame: pandas.DataFrame, last_day: pandas.Timestamp) -> dict[str, dict[str, Any]]:
    """Start, quantities and prices of each series up to a day: a day without a row has no quantity, and the
    price of the one before."""
    frame = frame[frame["date"] <= last_day]
    expected = {}
    for item_id, rows in frame.set_index("date").groupby("item_id"):
        days = pandas.date_range(rows.index.min(), last_day, freq="D")
        quantities = rows["quantity"].reindex(days)
        expected[str(item_id)] = {
            "start": f"{days[0]:%Y-%m-%d}",
            "target": [None if math.isnan(each) else int(each) for each in quantities],
            "unit_price": rows["unit_price"].reindex(days).ffill().tolist(),
        }
    return expected


def places_within(content: bytes, latitude: float, longitude: float, meters: float, key: str) -> int:
    """How many places with this tag key a map has within so many metres, by the haversine formula."""
    root = ElementTree.fromstring(content)
    nodes = {node.get("id"): node for node in root.iter("node")}
    ways = {way.get("id"): way for way in root.iter("way")}
    count = 0
    for element in root:
        if not any(tag.get("k") == key for tag in element.iter("tag")):
            continue
        points = [_point(node) for node in _nodes_of(element, nodes, ways)]
        middle = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
        count += _haversine(latitude, longitude, *middle) <= meters
    return count


def _nodes_of(
    element: ElementTree.Element,
    nodes: Mapping[str | None, ElementTree.Element],
    ways: Mapping[str | None, ElementTree.Element],
) -> list[ElementTree.Element]:
    """A node itself, the corners of a way, or those of a relation's ways."""
    if element.tag == "node":
        return [element]
    if element.tag == "relation":
        members = [ways[member.get("ref")] for member in element.iter("member")]
        return [corner for way in members for corner in _nodes_of(way, nodes, ways)]
    # The last corner of an outline is its first.
    return [nodes[ref.get("ref")] for ref in list(element.iter("nd"))[1:]]


def _point(node: ElementTree.Element) -> tuple[float, float]:
    return float(node.attrib["lat"]), float(node.attrib["lon"])


def _haversine(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two points given in degrees (R. W. Sinnott, "Virtues of the Haversine", 1984)."""
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_phi, half_lambda = (other_phi - phi) / 2, math.radians(other_longitude - longitude) / 2
    squared = math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_METERS * math.asin(math.sqrt(squared))
