"""Places of an extract: counted by key within a distance, whatever form they have on the map."""

import math
from pathlib import Path

import osmium
import pytest
from preprocess.forecasting.places import EARTH_RADIUS_METERS, count_places
from preprocess.forecasting.schema import Location, Places
from smcontract.failure import ContractError

from tests.forecasting.conftest import write

PLACES = Places(
    column="shop",
    radius_meters=1000,
    locations={"2": Location(51.5, 0.0), "1": Location(60.0, 10.0)},
    counts={"amenity_count": "amenity", "tourism_count": "tourism"},
)


def north(meters: float, latitude: float = 51.5) -> float:
    """The latitude so far to the north, along a meridian of a sphere."""
    return latitude + math.degrees(meters / EARTH_RADIUS_METERS)


def east(meters: float, latitude: float) -> float:
    """About the longitude so far to the east of 10 degrees: a degree is shorter the further north it is."""
    return 10 + math.degrees(meters / EARTH_RADIUS_METERS / math.cos(math.radians(latitude)))


def node(number: int, latitude: float, longitude: float, *tags: tuple[str, str]) -> str:
    body = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags)
    return f'<node id="{number}" version="1" lat="{latitude:.7f}" lon="{longitude:.7f}">{body}</node>'


def square(number: int, middle: float, first_node: int) -> tuple[str, str]:
    """The nodes of a square whose middle is at that latitude, and the way around it without its tags."""
    corners = [(-1, -1), (-1, 1), (1, 1), (1, -1)]
    nodes = "".join(
        node(first_node + at, middle + 0.002 * up, 0.002 * right) for at, (up, right) in enumerate(corners)
    )
    refs = "".join(f'<nd ref="{first_node + at}"/>' for at in (0, 1, 2, 3, 0))
    return nodes, f'<way id="{number}" version="1">{refs}'


def osm(*elements: str) -> bytes:
    return f'<?xml version="1.0"?><osm version="0.6">{"".join(elements)}</osm>'.encode()


def counts(folder: Path, content: bytes, name: str = "map.osm") -> dict[str, tuple[int, ...]]:
    write(folder / name, content)
    return dict(count_places(folder, PLACES).counts)


def test_points_within_the_distance_are_counted_by_their_keys(tmp_path: Path) -> None:
    found = counts(
        tmp_path,
        osm(
            node(1, north(995), 0, ("amenity", "cafe")),
            node(2, north(1005), 0, ("amenity", "cafe")),
            node(3, north(-995), 0, ("tourism", "hotel"), ("amenity", "bar")),
            node(4, 51.5, 0, ("shop", "bakery")),
            # A degree of longitude is half as long at 60 degrees north: two places, one within.
            node(5, 60, east(990, 60), ("tourism", "museum")),
            node(6, 60, east(1010, 60), ("tourism", "museum")),
        ),
    )

    assert found == {"1": (0, 1), "2": (2, 1)}


def test_an_area_is_one_place_at_its_middle(tmp_path: Path) -> None:
    # Each is a square of some 440 m, whose middle alone tells whether it is near; were the corner at
    # which its outline begins and ends counted twice, the second one's would be 45 m further south.
    near, far, related = (
        square(number, north(meters), 100 * number) for number, meters in ((1, 900), (2, 1030), (3, -900))
    )
    tag = '<tag k="amenity" v="school"/>'
    relation = (
        '<relation id="1" version="1"><member type="way" ref="3" role="outer"/>'
        '<tag k="type" v="multipolygon"/><tag k="tourism" v="museum"/></relation>'
    )

    found = counts(
        tmp_path,
        osm(
            *(nodes for nodes, _ in (near, far, related)),
            *(f"{way}{tag}</way>" for _, way in (near, far)),
            f"{related[1]}</way>",
            relation,
        ),
    )

    assert found == {"1": (0, 0), "2": (1, 1)}


def test_the_binary_format_gives_the_same(tmp_path: Path) -> None:
    write(tmp_path / "map.osm", osm(node(1, 51.5, 0, ("amenity", "cafe"))))
    (tmp_path / "binary").mkdir()
    writer = osmium.SimpleWriter(str(tmp_path / "binary/map.osm.pbf"))
    for each in osmium.FileProcessor(str(tmp_path / "map.osm")):
        writer.add(each)
    writer.close()

    assert count_places(tmp_path / "binary", PLACES).counts == {"1": (0, 0), "2": (1, 0)}

    content = (tmp_path / "binary/map.osm.pbf").read_bytes()
    with pytest.raises(ContractError, match=r"cut.osm.pbf is not a sound OpenStreetMap extract"):
        counts(tmp_path / "cut", content[: len(content) // 2], "cut.osm.pbf")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("map.osm.pbf", b"not a map" * 100, "map.osm.pbf is not a sound OpenStreetMap extract"),
        ("map.osm", b"<html></html>", "map.osm is not a sound OpenStreetMap extract"),
        ("map.osm", osm(node(1, 51.5, 0)), "map.osm has no place with amenity or tourism"),
        ("map.zip", b"", "map.zip is no OpenStreetMap extract by its name"),
        (
            "map.osm",
            osm(node(1, -33, 151, ("amenity", "cafe"))),
            "map.osm has 1 places, and none within 1,000 m of any shop",
        ),
    ],
)
def test_what_is_no_map_of_the_region_is_refused(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    with pytest.raises(ContractError) as refused:
        counts(tmp_path, content, name)

    assert str(refused.value).startswith(told)


def test_there_must_be_one_map(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"is missing, and the schema counts places"):
        count_places(tmp_path / "places", PLACES)
    for name in ("a.osm", "b.osm"):
        write(tmp_path / "places" / name, b"")
    with pytest.raises(ContractError, match=r"has 2 files \(a.osm, b.osm…\); give one extract"):
        count_places(tmp_path / "places", PLACES)


def test_the_table_is_sorted_and_has_the_counts(tmp_path: Path) -> None:
    write(tmp_path / "map.osm", osm(node(1, 51.5, 0, ("amenity", "cafe"))))

    assert count_places(tmp_path, PLACES).content().decode().splitlines() == [
        "shop,latitude,longitude,amenity_count,tourism_count",
        "1,60.0,10.0,0,0",
        "2,51.5,0.0,1,0",
    ]
