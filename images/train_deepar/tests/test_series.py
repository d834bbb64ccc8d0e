import gzip
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from smcontract.failure import ContractError
from tests.demand import PANEL, panel_series, write_jsonl
from train_deepar.series import SeriesError, parse_series, read_file, read_series, write_series

LINE: dict[str, object] = {
    "item_id": "12_409",
    "start": "2025-01-06",
    "target": [12, None, 9.5],
    "cat": [0, 2],
    "static_real": [14],
    "dynamic_feat": [[9.5, 9.5, 7], [0, 0, 1]],
}


def test_a_line_becomes_a_series_with_its_missing_days() -> None:
    series = parse_series(LINE, PANEL)

    assert (series.item_id, series.start, series.forecast_start) == (
        "12_409",
        date(2025, 1, 6),
        date(2025, 1, 9),
    )
    assert np.array_equal(series.target, [12, np.nan, 9.5], equal_nan=True)
    assert (series.cat, series.static_real, series.days_ahead) == ((0, 2), (14.0,), 0)


def test_midnight_is_a_day_and_nan_may_be_written_as_deepar_writes_it() -> None:
    series = parse_series(LINE | {"start": "2025-01-06 00:00:00", "target": [1, "NaN", 2]}, PANEL)

    assert series.start == date(2025, 1, 6)
    assert np.isnan(series.target[1])


def test_features_may_have_to_go_beyond_the_target() -> None:
    features = [[9, 9, 9, 8, 8], [0, 0, 0, 0, 1]]

    assert parse_series(LINE | {"dynamic_feat": features}, PANEL, days_ahead=2).days_ahead == 2
    with pytest.raises(
        SeriesError, match="unit_price has 3 numbers, the target 3 days and 2 days ahead; give 5"
    ):
        parse_series(LINE, PANEL, days_ahead=2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"start": "2025-01-06 06:00:00"}, "the panel is one of whole days (frequency D)"),
        ({"start": "2025-01"}, "start is '2025-01', which is no day; write it as 2024-01-31"),
        ({"start": "yesterday"}, "start is 'yesterday', which is no day"),
        ({"start": 20250106}, "start is 20250106; write the first day"),
        ({"target": [1, "two", 3]}, "target[1] is 'two'; write a number"),
        ({"target": [1, float("inf"), 3]}, "target holds an infinite number"),
        ({"target": "1,2,3"}, "target is str; write a list of numbers"),
        ({"cat": [0]}, "cat does not match the panel, which has 2 of them: store, item"),
        ({"cat": [0, 3]}, "cat holds 3 for item, whose codes are 0 to 2"),
        ({"static_real": []}, "static_real holds 0 numbers, the panel has these: amenity_count"),
        (
            {"dynamic_feat": [[1, 2, 3]]},
            "dynamic_feat holds 1 lists, the panel has these: unit_price, is_holiday",
        ),
        ({"dynamic_feat": [[1, 2], [0, 0, 1]]}, "dynamic_feat unit_price has 2 numbers, the target 3 days"),
        ({"dynamic_feat": [[1, 2, None], [0, 0, 1]]}, "dynamic_feat unit_price[2] is missing"),
        ({"item_id": 7}, "item_id is 7; write it as text"),
    ],
)
def test_what_does_not_match_the_panel_is_told(changes: dict[str, object], told: str) -> None:
    with pytest.raises(SeriesError) as failure:
        parse_series(LINE | changes, PANEL)

    assert told in str(failure.value)


def test_series_that_were_written_are_read_to_the_same_numbers_and_the_same_bytes(tmp_path: Path) -> None:
    before = panel_series()
    for name in ("first", "second"):
        write_series(tmp_path / name, [each.until(40) for each in before])

    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    lines = gzip.decompress((tmp_path / "first").read_bytes()).decode().splitlines()
    for line, series in zip(lines, before, strict=True):
        found = parse_series(json.loads(line), PANEL, series.dynamic_feat.shape[1] - 40)
        assert np.array_equal(found.target, series.target[:40], equal_nan=True)
        assert np.array_equal(found.dynamic_feat, series.dynamic_feat)


def test_a_channel_is_all_of_its_files(tmp_path: Path) -> None:
    found = panel_series(60)
    write_jsonl(tmp_path / "a", found[:2])
    write_jsonl(tmp_path / "b", found[2:])

    series, digest = read_series(tmp_path, PANEL)

    assert [each.item_id for each in series] == [each.item_id for each in found]
    assert len(digest) == 64
    assert len(read_file(tmp_path / "a/series.jsonl", PANEL)) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no series; its files are empty"),
        ("{\n", "line 1 is no JSON"),
        (json.dumps(LINE) + "\n[]\n", "line 2: is no JSON object; write one series a line"),
        (json.dumps(LINE | {"item_id": None}), "line 1: item_id is missing"),
        (json.dumps(LINE | {"cat": [9, 9]}), "line 1 (series 12_409): cat holds 9 for store"),
        (json.dumps(LINE) + "\n" + json.dumps(LINE), "series 12_409 is there twice; give each series once"),
    ],
)
def test_a_channel_that_cannot_be_read_says_where(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "series.jsonl").write_text(text)

    with pytest.raises(ContractError) as failure:
        read_series(tmp_path, PANEL)

    assert told in str(failure.value)


def test_a_channel_without_files_says_so(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="holds no file"):
        read_series(tmp_path, PANEL)
