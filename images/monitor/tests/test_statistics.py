"""Statistics as a file, and back."""

import json
from pathlib import Path

import pytest
from monitor.profiles import Bucket, Categories, DatasetProfile, Numbers, Profile, Sketch, TypeCounts
from monitor.statistics import read_baseline_statistics, statistics_document
from smcontract.failure import ContractError

SKETCH = Sketch(0.64, 2048, ((3.0, 1.0), (2.0,)))
AGE = Profile(
    "age",
    4,
    1,
    TypeCounts(integral=4),
    numbers=Numbers(2.0, 8.0, 0.7, 1.0, 3.0, (Bucket(1.0, 3.0, 4),), SKETCH),
)
CITY = Profile("city", 5, 0, TypeCounts(text=5), categories=Categories(2, {"x": 3, "y": 2}))
GONE = Profile("gone", 0, 5, TypeCounts())


def test_what_is_written_can_be_compared_with(tmp_path: Path) -> None:
    path = tmp_path / "statistics.json"
    path.write_text(json.dumps(statistics_document(DatasetProfile(5, (AGE, CITY, GONE)))))

    baseline = read_baseline_statistics(path)

    assert baseline["age"].sketch == SKETCH
    assert baseline["city"].counts == {"x": 3, "y": 2}
    assert (baseline["age"].present, baseline["city"].present) == (4, 5)
    assert (baseline["gone"].sketch, baseline["gone"].counts) == (None, None)


def test_a_feature_without_values_is_unknown_and_counted() -> None:
    (feature,) = statistics_document(DatasetProfile(5, (GONE,)))["features"]

    assert feature["inferred_type"] == "Unknown"
    assert feature["string_statistics"]["common"] == {"num_present": 0, "num_missing": 5}


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        '{"features": [{}]}',
        '{"features": [{"name": "a", "numerical_statistics": {}}]}',
        '{"features": [{"name": "a", "numerical_statistics": {"common": {"num_present": 1},'
        ' "distribution": {"kll": {"sketch": {}}}}}]}',
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "statistics.json"
    path.write_text(content)

    with pytest.raises(ContractError, match="baseline_statistics"):
        read_baseline_statistics(path)
