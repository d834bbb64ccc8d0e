"""Which objects belong to a window."""

import json
from datetime import UTC, datetime

from orchestration.handlers.windows import (
    Window,
    captured_keys,
    day_keys,
    label_keys,
    newest_day,
    write_manifest,
)
from tests.support.objects import Objects

CAPTURED, TRUTH = "s3://bank/captured", "s3://bank/ground-truth"
FOUR, FIVE = (datetime(2026, 11, 26, hour, tzinfo=UTC) for hour in (4, 5))


def captured(hour: str, variant: str = "AllTraffic", endpoint: str = "bank") -> str:
    return f"{CAPTURED}/{endpoint}/{variant}/{hour}/27-57-062-a.jsonl"


def test_a_window_has_the_requests_of_its_hours_whichever_variant_answered() -> None:
    s3 = Objects()
    inside = [captured("2026/11/26/04", variant) for variant in ("A", "B")]
    s3.put(*inside, captured("2026/11/26/03"), captured("2026/11/26/05"))
    s3.put(captured("2026/11/26/04", endpoint="bank-2"))

    assert captured_keys(s3, CAPTURED, "bank", Window(FOUR, FIVE)) == inside


def test_a_label_may_come_at_any_later_hour_and_a_day_early_where_clocks_differ() -> None:
    s3 = Objects()
    wanted = [f"{TRUTH}/{hour}/a.jsonl" for hour in ("2026/11/25/04", "2026/11/26/04", "2027/01/01/00")]
    s3.put(*wanted, f"{TRUTH}/2026/11/25/03/a.jsonl", f"{TRUTH}-index/ab/abc.json")

    assert label_keys(s3, TRUTH, FOUR) == wanted


def test_a_manifest_names_objects_by_what_follows_its_prefix() -> None:
    s3 = Objects()

    uri = write_manifest(
        s3, "s3://bank/windows/1/captured.manifest", f"{CAPTURED}/", [captured("2026/11/26/04")]
    )

    assert uri == "s3://bank/windows/1/captured.manifest"
    # API reference, S3DataSource, ManifestFile.
    assert json.loads(s3.stored["bank", "windows/1/captured.manifest"]) == [
        {"prefix": "s3://bank/captured/"},
        "bank/AllTraffic/2026/11/26/04/27-57-062-a.jsonl",
    ]


def test_the_newest_day_of_rows_is_that_of_the_last_folder() -> None:
    s3 = Objects()
    s3.put(*(f"s3://bank/actuals/{day}/rows.csv" for day in ("2025/12/31", "2026/01/09", "2026/01/30")))

    assert newest_day(s3, "s3://bank/actuals") == datetime(2026, 1, 30, tzinfo=UTC)
    assert newest_day(s3, "s3://bank/other") is None


def test_the_rows_of_some_days_are_those_of_their_folders() -> None:
    s3 = Objects()
    s3.put(*(f"s3://bank/actuals/2026/11/{day}/rows.csv" for day in (24, 25, 26, 27)))
    window = Window(datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC))

    assert day_keys(s3, "s3://bank/actuals", window) == [
        f"s3://bank/actuals/2026/11/{day}/rows.csv" for day in (25, 26)
    ]
