"""Rows and their keys, and the columns that the store has for them."""

from pathlib import Path

import pytest
from preprocess.features import Part, looked_up, read_parts
from smcontract.failure import ContractError

NAMES = ("job_admin", "job_student")


def give(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())


def test_rows_get_the_columns_of_their_keys_and_keep_label_and_numbers() -> None:
    part = Part("train", ["1,-0.5,,0,1", "0,2e-7,3,1,0"], ["student", "admin."])

    content = looked_up(part, {"admin.": "1,0", "student": "0,1"}, NAMES)

    assert content == "1,-0.5,,0,1\n0,2e-7,3,1,0\n"


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ({"student": "0,1"}, "row 2 of train, key 'admin.': the feature group has no such record"),
        (
            {"student": "0,1", "admin.": "1,1"},
            "row 2 of train, key 'admin.', column 'job_student': the feature group has '1', "
            "the encoder gives '0'",
        ),
        (
            {"student": "0,1", "admin.": ",0"},
            "row 2 of train, key 'admin.', column 'job_admin': the feature group has '', "
            "the encoder gives '1'",
        ),
    ],
)
def test_what_is_not_what_the_encoder_gives_is_told_by_key_and_column(
    stored: dict[str, str], told: str
) -> None:
    part = Part("train", ["1,-0.5,0,1", "0,0.25,1,0"], ["student", "admin."])

    with pytest.raises(ContractError) as refused:
        looked_up(part, stored, NAMES)

    assert str(refused.value).startswith(told)


def test_a_row_of_another_schema_is_refused() -> None:
    with pytest.raises(ContractError, match="row 1 of train, key 'a': the row has fewer columns"):
        looked_up(Part("train", ["1,0"], ["a"]), {"a": "1,0"}, NAMES)


def test_parts_are_read_with_the_keys_beside_them(tmp_path: Path) -> None:
    # U+2028 ends a line for some readers, and is part of a category here.
    give(
        tmp_path,
        {
            "train/train.csv": "1,0\n0,1\n1,1\n0,0\n",
            "keys/train.csv": 'a\n"b ""x"", c"\nd\u2028e\n"f\r\ng"\n',
            "validation/validation.csv": "1,0\n",
            "keys/validation.csv": '""\n',
        },
    )

    assert list(read_parts(tmp_path)) == [
        Part("train", ["1,0", "0,1", "1,1", "0,0"], ["a", 'b "x", c', "d\u2028e", "f\r\ng"]),
        Part("validation", ["1,0"], [""]),
    ]


def test_there_may_be_no_validation_part(tmp_path: Path) -> None:
    give(tmp_path, {"train/train.csv": "1,0\n", "keys/train.csv": "a\n"})

    assert [part.name for part in read_parts(tmp_path)] == ["train"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, r"train/train\.csv is missing; give the outputs train, validation and keys"),
        ({"train/train.csv": "1,0\n"}, r"keys/train\.csv is missing"),
        (
            {"train/train.csv": "1,0\n0,1\n", "keys/train.csv": "a\n"},
            r"keys/train\.csv has 1 keys and .*train/train\.csv 2 rows; give both as one run",
        ),
    ],
)
def test_missing_files_and_keys_are_named(tmp_path: Path, files: dict[str, str], told: str) -> None:
    give(tmp_path, files)

    with pytest.raises(ContractError, match=told):
        list(read_parts(tmp_path))
