"""Rows of entities as the file of a table, and which of them are refused."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from orchestration.clients import Aws
from orchestration.entities import entity_file
from orchestration.errors import TrainingSetError
from orchestration.settings import Settings
from orchestration.training_set import Features, TrainingSets

AT = "2023-11-14T21:00:00Z"


def test_rows_are_text_and_what_is_missing_is_empty() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", 'say "b", now'],
            "at": pd.to_datetime(["2023-11-14T21:00:00.123Z", "2023-11-14T22:00:00.000Z"]),
            "score": [0.1, None],
        }
    )

    file = entity_file(frame, "at")

    # Athena user guide, "Open CSV SerDe": a backslash stands before a quote.
    assert file.body.decode() == (
        '"a","2023-11-14T21:00:00.123Z","0.1"\n' r'"say \"b\", now","2023-11-14T22:00:00.000Z",""' "\n"
    )
    assert file.time_form.value.startswith("text")


def test_a_moment_is_in_utc_and_never_later_than_it_was() -> None:
    east = timezone(timedelta(hours=2))

    file = entity_file([{"at": datetime(2023, 11, 14, 23, 0, 0, 999_999, tzinfo=east)}], "at")

    assert file.body.decode() == '"2023-11-14T21:00:00.999Z"\n'


def test_moments_may_be_seconds() -> None:
    file = entity_file([{"at": 1_700_000_000}, {"at": 1_700_000_000.25}], "at")

    assert file.body.decode() == '"1700000000"\n"1700000000.25"\n'
    assert file.time_form.value.startswith("seconds")


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([], "no row"),
        ([{"id": "a"}], "no column 'at'"),
        ([{"at": AT, "the id": "a"}], "'the id'"),
        ([{"at": AT, "AT": AT}], "twice"),
        ([{"at": AT, "id": "a"}, {"at": AT}], "row 2"),
        ([{"at": AT}, {"at": None}], "row 2 has no moment in 'at'"),
        ([{"at": AT}, {"at": 1.0}], "one form"),
        ([{"at": True}], "no moment"),
        *[
            ([{"at": AT}, {"at": text}], f"row 2 has '{text}' in 'at'")
            for text in ("yesterday", "2023-11-14", "2023-11-14T21:00:00", "2023-11-14 21:00:00Z")
        ],
        ([{"at": datetime(2023, 11, 14)}], "no time zone"),
        ([{"at": AT, "id": "a\nb"}], "row 1 has a line's end in 'id'"),
        ([{"at": datetime(2023, 11, 14, tzinfo=UTC), "id": "a"}, {"at": float("nan"), "id": "a"}], "row 2"),
    ],
)
def test_rows_that_no_table_can_hold_are_named(rows: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(TrainingSetError, match=complaint):
        entity_file(rows, "at")


def test_a_training_set_without_a_group_is_refused_before_anything_is_asked() -> None:
    aws = Aws(Settings.from_environ({}))

    with pytest.raises(TrainingSetError, match="at least one feature group"):
        TrainingSets(aws, "s3://b/sets").of_rows([{"at": AT}], "at", [])
    with pytest.raises(TrainingSetError, match="no place in S3"):
        TrainingSets(aws, "b/sets").of_rows([{"at": AT}], "at", [Features("people")])
