"""places.csv as the records of a feature group."""

from collections.abc import Callable
from pathlib import Path

import pytest
from preprocess.feature_group import definitions
from preprocess.forecasting.place_records import read_place_records
from preprocess.group_records import GroupRecord
from smcontract.failure import ContractError

from tests.forecasting.conftest import write

HEADER = "shop,latitude,longitude,amenity_count"
FIRST, SECOND = "1,51.5,-0.12,14", "2,51.6,0.0,0"

WritePlaces = Callable[..., Path]


@pytest.fixture
def places(tmp_path: Path) -> WritePlaces:
    def written(*lines: str) -> Path:
        write(tmp_path / "places.csv", "".join(f"{line}\n" for line in lines).encode())
        return tmp_path

    return written


def test_a_location_is_a_record_whose_key_is_the_first_column(places: WritePlaces) -> None:
    records = read_place_records(places(HEADER, FIRST, SECOND))

    assert list(records) == [
        GroupRecord("1", ("51.5", "-0.12", "14")),
        GroupRecord("2", ("51.6", "0.0", "0")),
    ]
    assert definitions(records) == [
        {"FeatureName": "shop", "FeatureType": "String"},
        {"FeatureName": "event_time", "FeatureType": "Fractional"},
        {"FeatureName": "latitude", "FeatureType": "Fractional"},
        {"FeatureName": "longitude", "FeatureType": "Fractional"},
        {"FeatureName": "amenity_count", "FeatureType": "Integral"},
    ]


def test_other_counts_are_another_group(places: WritePlaces) -> None:
    names = [
        read_place_records(places(HEADER, *lines)).group_name("p")
        for lines in ([FIRST, SECOND], [FIRST, SECOND], [FIRST, "2,51.6,0.0,1"])
    ]

    assert names[0] == names[1] != names[2]
    assert all(name.startswith("p-") for name in names)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "places.csv must have a header of a key, latitude, longitude and counts"),
        ([HEADER], "and a row for each location"),
        (["shop,lat,lon,amenity_count", FIRST], "it has shop, lat, lon, amenity_count."),
        ([HEADER, "1,51.5,here,14"], "places.csv line 2 is not a key, two numbers"),
        ([HEADER, "1,51.5,0.0,1.5"], "places.csv line 2 is not a key, two numbers"),
        ([HEADER, FIRST, "2,51.6"], "places.csv line 3 is not a key, two numbers"),
        ([HEADER, FIRST, FIRST], "places.csv has a key twice"),
        (["event_time,latitude,longitude,n", FIRST], "the column 'event_time' cannot name a feature"),
    ],
)
def test_what_is_no_table_of_places_is_refused(places: WritePlaces, lines: list[str], told: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_place_records(places(*lines))

    assert told in str(refused.value)


def test_no_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ContractError, match=r"places.csv is missing; give the places output of the first job"
    ):
        read_place_records(tmp_path)
