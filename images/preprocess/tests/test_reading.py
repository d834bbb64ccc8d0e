"""The data folder: which files are read, and as what."""

import gzip
import hashlib
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from preprocess.raw_table import RawTable
from preprocess.reading import DataFile, data_files, read_file
from smcontract.failure import ContractError

CSV = b"job,age\nadmin.,58\n"
WANTED = ("job", "age")


def parquet(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def read(folder: Path, name: str, content: bytes) -> RawTable:
    (folder / name).write_bytes(content)
    table, sha256 = read_file(DataFile(name, folder / name), WANTED)
    assert sha256 == hashlib.sha256(content).hexdigest()
    return table


def test_files_are_sorted_by_name_and_markers_left_out(tmp_path: Path) -> None:
    for name in ["b.csv", "a/2.csv", "a/1.csv.gz", "_SUCCESS", ".hidden", "a/_temporary/x.csv"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(CSV)

    assert [file.name for file in data_files(tmp_path)] == ["a/1.csv.gz", "a/2.csv", "b.csv"]


def test_missing_and_empty_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no files"):
        data_files(tmp_path)
    with pytest.raises(ContractError, match="absent is missing"):
        data_files(tmp_path / "absent")


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "data", "a.parquet.txt"])
def test_gzip_and_plain_are_told_apart_by_their_bytes(tmp_path: Path, name: str) -> None:
    content = gzip.compress(CSV) if name != "a.csv" else CSV

    assert read(tmp_path, name, content).columns["age"].to_pylist() == ["58"]


@pytest.mark.parametrize("name", ["a.parquet", "part-0"])
def test_parquet_is_read_with_row_numbers(tmp_path: Path, name: str) -> None:
    content = parquet(pa.table({"age": [58, None], "extra": [1, 2], "job": ["admin.", None]}))

    table = read(tmp_path, name, content)

    assert table.columns["age"].to_pylist() == [58, None]
    assert table.columns["job"].to_pylist() == ["admin.", None]
    assert table.lines.tolist() == [1, 2]
    assert table.ignored_columns == ("extra",)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        (pa.array(["a", "b"], pa.large_string()), ["a", "b"]),
        (pa.array([None, None], pa.null()), [None, None]),
        (pa.array([1, 0], pa.uint8()), [1, 0]),
    ],
)
def test_parquet_types_that_mean_text_or_number_are_taken(
    tmp_path: Path, job: pa.Array, expected: list[object]
) -> None:
    table = read(tmp_path, "a.parquet", parquet(pa.table({"job": job, "age": [1, 2]})))

    assert table.columns["job"].to_pylist() == expected


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv.gz", gzip.compress(CSV * 100)[:-20], ["a.csv.gz", "ends too early"]),
        ("a.csv.gz", gzip.compress(CSV)[:-4] + b"xxxx", ["a.csv.gz", "not a sound gzip"]),
        ("a.csv.gz", CSV, ["a.csv.gz", "not a sound gzip"]),
        ("a.csv.gz", b"", ["a.csv.gz", "empty"]),
        ("a.parquet", b"", ["a.parquet", "not a sound Parquet"]),
        ("a.parquet", CSV, ["a.parquet", "not a sound Parquet"]),
        ("a", b"PAR1 and no more", ["a is", "not a sound Parquet"]),
        ("a.parquet", parquet(pa.table({"job": ["x"]})), ["missing column 'age'", "found: 'job'"]),
        ("a.parquet", parquet(pa.table({"job": pa.array([], pa.string()), "age": []})), ["no rows"]),
        ("a.parquet", parquet(pa.table({"job": [True], "age": [1]})), ["'job'", "bool", "text"]),
        (
            "a.parquet",
            parquet(pa.Table.from_arrays([pa.array([1])] * 3, names=["job", "age", "age"])),
            ["more than one column 'age'"],
        ),
    ],
)
def test_unreadable_file_is_named_with_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, words: list[str]
) -> None:
    with pytest.raises(ContractError) as refused:
        read(tmp_path, name, content)

    assert all(word in str(refused.value) for word in words)
