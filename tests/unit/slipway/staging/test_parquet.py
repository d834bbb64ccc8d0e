"""Parquet of journal lines, read by another library than the one that writes it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from slipway.staging.parquet import ParquetWriter

FEATURES: list[dict[str, Any]] = [
    {"FeatureName": "id", "FeatureType": "String"},
    {"FeatureName": "age", "FeatureType": "Integral"},
    {"FeatureName": "the-score", "FeatureType": "Fractional"},
    {"FeatureName": "point", "FeatureType": "Fractional", "CollectionType": "List"},
]
MOMENT = datetime(2023, 11, 14, 21, 0, 0, 123456)
MOMENT_US = round(MOMENT.replace(tzinfo=UTC).timestamp() * 1_000_000)


def line(is_deleted: bool = False, **by_place: Any) -> str:
    return json.dumps({"api": MOMENT_US, "del": is_deleted, **{k[1:]: v for k, v in by_place.items()}})


def written(folder: Path, *lines: str, features: list[dict[str, Any]] = FEATURES) -> Any:
    target = folder / "it's.parquet"
    ParquetWriter(folder).write(lines, features, MOMENT_US, target)
    assert [path.name for path in folder.iterdir()] == [target.name]
    return pq.read_table(target)


def test_columns_are_the_features_and_the_three_of_the_offline_store(tmp_path: Path) -> None:
    table = written(tmp_path, line(_0="a", _1="41", _2="0.1", _3=["1", "2.5"]))

    fields = [(field.name, str(field.type)) for field in table.schema]
    # Developer guide, "Feature Store offline store data format".
    assert fields == [
        ("id", "string"),
        ("age", "int64"),
        ("the-score", "double"),
        ("point", "list<element: double>"),
        ("write_time", "timestamp[us]"),
        ("api_invocation_time", "timestamp[us]"),
        ("is_deleted", "bool"),
    ]
    assert table.to_pylist() == [
        {
            **{"id": "a", "age": 41, "the-score": 0.1, "point": [1.0, 2.5]},
            **{"write_time": MOMENT, "api_invocation_time": MOMENT, "is_deleted": False},
        }
    ]


def test_what_a_line_lacks_is_null_and_lines_keep_their_order(tmp_path: Path) -> None:
    table = written(tmp_path, line(_0="b"), line(is_deleted=True, _0="a"), line(_0="c", _1="-7"))

    assert table["id"].to_pylist() == ["b", "a", "c"]
    assert table["age"].to_pylist() == [None, None, -7]
    assert table["is_deleted"].to_pylist() == [False, True, False]


def test_values_arrive_exactly(tmp_path: Path) -> None:
    texts = ["", "007", "2023-11-14", "null", '{"a": 1}', 'say "ü"\t', "🙂", "\x00", "a\\b", "NaN"]
    numbers = ["0.1234567890123456", "1e-310", "-0.0", ".5", "+1.", "123456789.123456789"]
    integers = [str(2**63 - 1), str(-(2**63) + 1), "+5", "007"]

    table = written(
        tmp_path,
        *(line(_0=text) for text in texts),
        *(line(_2=number) for number in numbers),
        *(line(_1=integer) for integer in integers),
    )

    assert table["id"].to_pylist()[: len(texts)] == texts
    got = table["the-score"].to_pylist()[len(texts) :][: len(numbers)]
    assert [repr(each) for each in got] == [repr(float(number)) for number in numbers]
    assert table["age"].to_pylist()[-len(integers) :] == [int(integer) for integer in integers]


@pytest.mark.parametrize(("columns", "rows"), [(40, 40_000), (500, 3000)])
def test_many_wide_rows_fit(tmp_path: Path, columns: int, rows: int) -> None:
    features = [{"FeatureName": f"f{n}", "FeatureType": "Fractional"} for n in range(columns)]
    lines = [
        json.dumps({"api": MOMENT_US, "del": False, **{str(n): f"0.{row % 97}{n}" for n in range(columns)}})
        for row in range(rows)
    ]

    table = written(tmp_path, *lines, features=features)

    assert table.num_rows == rows
    assert table["f7"].to_pylist()[:3] == [0.07, 0.17, 0.27]


def test_the_largest_records_fit(tmp_path: Path) -> None:
    features = [{"FeatureName": "text", "FeatureType": "String"}]
    texts = [f"{row}" * 150_000 for row in range(10, 110)]

    table = written(tmp_path, *(line(_0=text) for text in texts), features=features)

    assert table["text"].to_pylist() == texts
