"""Places of an OpenStreetMap extract, counted around locations."""

import logging
from array import array
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import osmium
from sklearn.neighbors import BallTree
from smcontract.failure import ContractError

from preprocess.forecasting.places_table import PlacesTable
from preprocess.forecasting.rows import FloatArray
from preprocess.forecasting.schema import Places
from preprocess.reading import data_files

log = logging.getLogger(__name__)

# The mean radius (IUGG); a sphere of it is 0.5 % off at most.
EARTH_RADIUS_METERS = 6_371_008.8
FORMATS = (".osm.pbf", ".osm")


def count_places(folder: Path, places: Places) -> PlacesTable:
    """How many places of each kind of `places.counts` are within its radius, great-circle, of each location.

    A place is a node, or an area (a closed way or a multipolygon) at the mean
    of its outline's corners, that has the kind's key, whatever its value.
    Raises ContractError, naming the file, where it cannot be read or has none.
    """
    path = _extract(folder)
    points = _points(path, sorted(set(places.counts.values())))
    for key, found in points.items():
        log.info("places.read file=%s key=%s places=%d", path.name, key, len(found))
    if not any(len(found) for found in points.values()):
        raise ContractError(
            f"{path.name} has no place with {' or '.join(points)}; give an extract that was not filtered."
        )
    names = sorted(places.locations)
    centres = np.radians(
        [[places.locations[name].latitude, places.locations[name].longitude] for name in names]
    )
    angle = places.radius_meters / EARTH_RADIUS_METERS
    counted = np.column_stack([_within(points[key], centres, angle) for key in places.counts.values()])
    if not counted.any():
        raise ContractError(
            f"{path.name} has {sum(map(len, points.values())):,} places, and none within "
            f"{places.radius_meters:,g} m of any {places.column}; give the extract of their region, or mend "
            "places.locations in schema.json."
        )
    return PlacesTable(
        column=places.column,
        count_names=tuple(places.counts),
        locations=places.locations,
        counts={name: tuple(map(int, row)) for name, row in zip(names, counted, strict=True)},
    )


def _extract(folder: Path) -> Path:
    """The one map in `folder`."""
    if not folder.is_dir():
        raise ContractError(
            f"the folder {folder} is missing, and the schema counts places; give the job an input with an "
            "OpenStreetMap extract that lands there, or set places to null in schema.json."
        )
    files = data_files(folder)
    if len(files) > 1:
        raise ContractError(
            f"{folder} has {len(files)} files ({files[0].name}, {files[1].name}…); give one extract."
        )
    if not files[0].name.endswith(FORMATS):
        raise ContractError(
            f"{files[0].name} is no OpenStreetMap extract by its name; it must end in {' or '.join(FORMATS)}."
        )
    return files[0].path


def _points(path: Path, keys: list[str]) -> Mapping[str, FloatArray]:
    """Latitude and longitude, in radians, of the places with each key."""
    found = {key: array("d") for key in keys}
    has_key = osmium.filter.KeyFilter(*keys)
    try:
        for each in osmium.FileProcessor(str(path)).with_areas(has_key).with_filter(has_key):
            if each.is_node():
                point = [each.lat, each.lon] if each.location.valid() else None
            elif each.is_area():
                point = _middle(each)
            else:
                # The closed ones among ways, and the multipolygons, come as areas too.
                continue
            if point is not None:
                for key in keys:
                    if key in each.tags:
                        found[key].extend(point)
    except RuntimeError as error:
        raise ContractError(
            f"{path.name} is not a sound OpenStreetMap extract ({error}); download or export it again."
        ) from error
    return {key: np.radians(np.array(points).reshape(-1, 2)) for key, points in found.items()}


def _middle(area: "osmium.osm.Area") -> list[float] | None:
    """The mean of the corners of an area's outer rings, each of which ends where it began."""
    corners = [(node.lat, node.lon) for ring in area.outer_rings() for node in list(ring)[1:]]
    return np.mean(corners, axis=0).tolist() if corners else None


def _within(points: FloatArray, centres: FloatArray, angle: float) -> FloatArray:
    """How many of the points are within `angle` of each centre."""
    if not len(points):
        return np.zeros(len(centres))
    counts: FloatArray = BallTree(points, metric="haversine").query_radius(centres, angle, count_only=True)
    return counts
