"""What is decided about files before Spark reads them."""

import gzip
from pathlib import Path

import pytest
from monitor.dataset_files import data_files, estimated_cells
from monitor.reading import _last_line, _refuse_torn_csv
from monitor.table import Column, Kind, positional_names, text_columns
from smcontract.failure import ContractError


def test_files_below_folders_count_and_hidden_ones_do_not(tmp_path: Path) -> None:
    for name in ("b.csv", "2026/01/a.csv", ".hidden.csv", "_SUCCESS", "_tmp/c.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n")
    (tmp_path / "empty.csv").touch()

    assert data_files(tmp_path) == [tmp_path / "2026/01/a.csv", tmp_path / "b.csv"]


def test_one_file_is_a_dataset(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a\n1\n")

    assert data_files(path) == [path]


def test_nothing_to_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="Job inputs had no data: no file is in"):
        data_files(tmp_path)
    (tmp_path / "rows.csv").touch()
    with pytest.raises(ContractError, match=r"Job inputs had no data: rows\.csv .* is empty"):
        data_files(tmp_path)


def test_values_are_counted_as_far_as_it_matters(tmp_path: Path) -> None:
    few, many, compressed = (tmp_path / name for name in ("few.csv", "many.csv", "few.csv.gz"))
    few.write_text("a,b,c\n" * 10)
    many.write_text("a\n" * 9_000_000)
    compressed.write_bytes(bytes(300))

    assert estimated_cells([few], 100_000, is_text=True) == 30
    assert 100_000 < estimated_cells([few, many], 100_000, is_text=True) < 9_000_000
    assert estimated_cells([compressed], 100_000, is_text=True) == 100
    assert estimated_cells([few], 100_000, is_text=False) == 20


@pytest.mark.parametrize(
    ("text", "is_torn"),
    [("a,b\n1,2\n", False), ("a,b\n1,2", False), ("a,b\n1", True), ("a,b\n", False)],
)
def test_a_last_line_without_all_cells_is_torn(tmp_path: Path, text: str, is_torn: bool) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)

    if is_torn:
        with pytest.raises(ContractError, match=r"the last line of rows\.csv is torn: it has 1 of 2 cells"):
            _refuse_torn_csv(path, 2)
    else:
        _refuse_torn_csv(path, 2)


def test_the_end_of_a_compressed_file_is_left_to_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1"))

    assert _last_line(path) is None


def test_columns_without_names_have_the_baselines_by_place() -> None:
    assert positional_names(3, ["age", "rate"]) == ["age", "rate", "_c2"]
    assert positional_names(1, ["age", "rate"]) == ["age"]
    assert positional_names(2, None) == ["_c0", "_c1"]


def test_a_sample_says_what_looks_like_numbers() -> None:
    columns = text_columns(["age", "rate", "city"], [["1", "-1.5e3", "x"], ["", "2", "3"]])

    assert [column.looks_numeric for column in columns] == [True, True, False]


def test_a_sample_says_what_looks_like_flags() -> None:
    rows = [["1", "0", "0", "", "0.0"], ["0", "0", "2", "", "1.0"]]
    columns = text_columns(["both", "one", "more", "none", "fractions"], rows)

    assert [column.looks_like_flags for column in columns] == [True, True, False, False, False]


def test_sql_names_are_ours_whatever_a_column_is_called() -> None:
    column = Column(3, "a `strange`.name", Kind.TEXT)

    assert (column.values, column.numbers) == ("f3", "n3")
    assert "strange" not in column.number_expression
