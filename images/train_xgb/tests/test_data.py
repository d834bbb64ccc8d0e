import hashlib
from pathlib import Path

import numpy as np
import pytest
from smcontract.failure import ContractError
from train_xgb.data import read_dataset
from train_xgb.encoding import Encoder

GOOD = "1,0.5,-1.25,1,0,0,1,0\n0,-0.5,,0,1,0,0,0\n"


def write(folder: Path, text: str | bytes, name: str = "train.csv") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def test_rows_are_read_with_empty_cells_where_they_are_allowed(tmp_path: Path, encoder: Encoder) -> None:
    dataset = read_dataset(write(tmp_path / "train", GOOD), encoder)

    assert dataset.labels.tolist() == [1, 0]
    assert dataset.encoded[0].tolist() == [0.5, -1.25, 1, 0, 0, 1, 0]
    assert np.isnan(dataset.encoded[1, 1])


def test_files_are_read_in_order_of_their_names_and_digested(tmp_path: Path, encoder: Encoder) -> None:
    folder = write(tmp_path / "train", "0,2,1,1,0,0,0,0\r\n", "b.csv")
    write(folder, "1,1,1,1,0,0,0,0\n", "a.csv")
    write(folder, "not read", ".hidden")

    dataset = read_dataset(folder, encoder)

    assert dataset.encoded[:, 0].tolist() == [1, 2]
    content = (folder / "a.csv").read_bytes() + (folder / "b.csv").read_bytes()
    assert dataset.sha256 == hashlib.sha256(content).hexdigest()
    assert [(file.name, file.rows) for file in dataset.files] == [("a.csv", 1), ("b.csv", 1)]


@pytest.mark.parametrize("number", [0.1, 1 / 3, -1.1754944e-38, 3.4028235e38, 16777217.0, -2.7182817])
def test_float32_comes_back_from_its_shortest_text(tmp_path: Path, encoder: Encoder, number: float) -> None:
    value = np.float32(number)
    folder = write(tmp_path / "train", f"1,{value},1,1,0,0,0,0\n0,0,0,0,1,0,0,0\n")

    assert read_dataset(folder, encoder).encoded[0, 0] == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "train.csv is empty"),
        (" \n\n", "train.csv is empty"),
        (GOOD + "1,2,3\n", "line 3: 3 columns, expected 8"),
        ("1,2,3\n0,1,2\n", "line 1: 3 columns, expected 8"),
        (GOOD + "1,0.5,x,1,0,0,1,0\n", "line 3: column 3 (rate) is 'x', not a number"),
        (GOOD + "1,0.5,1e99,1,0,0,1,0\n", "line 3: column 3 (rate) is '1e99', not a finite number"),
        (GOOD + "1,inf,1,1,0,0,1,0\n", "line 3: column 2 (age) is 'inf', not a finite number"),
        (GOOD + "1,,1,1,0,0,1,0\n", "line 3: column 2 (age) is empty and may not be"),
        (GOOD + "1,1,1,1,0,0,1,\n", "line 3: column 8 (city_bonn) is empty and may not be"),
        (GOOD + "nan,1,1,1,0,0,1,0\n", "line 3: column 1 (the label) is 'nan'; it must be 0 or 1"),
        (GOOD + ",1,1,1,0,0,1,0\n", "line 3: column 1 (the label) is ''; it must be 0 or 1"),
        (GOOD + "2,1,1,1,0,0,1,0\n", "line 3: column 1 (the label) is '2'; it must be 0 or 1"),
        ("y,age,rate,a,b,c,d,e\n" + GOOD, "line 1: no number at all, so it looks like a header"),
        (GOOD + "1,1_0,1,1,0,0,1,0\n", "line 3: column 2 (age) is '1_0', not a number"),
        (GOOD + "1,٣,1,1,0,0,1,0\n", "line 3: column 2 (age) is '٣', not a number"),
        ("1,1,1,1,0,0,1,0\n" * 3, "all 3 rows have the label 1"),
        ("0,1,1,1,0,0,1,0\n" * 2, "all 2 rows have the label 0"),
        (b"\x1f\x8b\x08\x00\x00\x00", "is not plain CSV text"),
    ],
)
def test_what_is_no_row_is_named_by_file_line_and_column(
    tmp_path: Path, encoder: Encoder, text: str | bytes, reason: str
) -> None:
    with pytest.raises(ContractError) as failure:
        read_dataset(write(tmp_path / "train", text), encoder)

    assert reason in str(failure.value)
    assert str(tmp_path / "train") in str(failure.value)


def test_many_bad_lines_are_counted(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(ContractError, match="and 7 more lines like these"):
        read_dataset(write(tmp_path / "train", GOOD + "1,2\n" * 10), encoder)


def test_a_folder_without_files_is_named(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(ContractError, match="holds no file"):
        read_dataset(tmp_path, encoder)
