import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.data_source import Verified, choose, count_rows, data_folder, record_verified, sha256_of
from orchestration.errors import DataError
from orchestration.settings import ROOT, Settings

ROWS = "a,y\n1,yes\n2,no\n"


@pytest.fixture
def rows_csv(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_text(ROWS, encoding="utf-8")
    return file


def settings(**variables: str) -> Settings:
    return Settings.from_environ(variables)


def an_earlier_download(build_dir: Path) -> Path:
    folder = data_folder("bank", build_dir)
    folder.mkdir(parents=True)
    file = folder / "bank-full.csv"
    file.write_text(ROWS, encoding="utf-8")
    record_verified(folder, Verified("bank-full.csv", 2, sha256_of(file)))
    return file


def test_an_argument_comes_before_everything(rows_csv: Path, tmp_path: Path) -> None:
    chosen = choose("bank", settings(DATA="/no", SLIPWAY_BANK_CSV="/no"), tmp_path, str(rows_csv))

    assert (chosen.path, chosen.rows, chosen.source) == (rows_csv, 2, "DATA")


def test_DATA_comes_before_the_projects_variable(rows_csv: Path, tmp_path: Path) -> None:  # noqa: N802
    chosen = choose("bank", settings(DATA=str(rows_csv), SLIPWAY_BANK_CSV="/no"), tmp_path)

    assert chosen.source == "DATA"


def test_the_projects_variable_comes_before_a_download(rows_csv: Path, tmp_path: Path) -> None:
    an_earlier_download(tmp_path)

    chosen = choose("bank", settings(SLIPWAY_BANK_CSV=str(rows_csv)), tmp_path)

    assert chosen.source == "SLIPWAY_BANK_CSV"
    assert chosen.line == f"data: rows.csv, 2 rows, sha256 {sha256_of(rows_csv)[:6]}…, from SLIPWAY_BANK_CSV"


def test_an_earlier_download_comes_before_synthetic_rows(tmp_path: Path) -> None:
    file = an_earlier_download(tmp_path)

    chosen = choose("bank", settings(), tmp_path)

    assert (chosen.path, chosen.source, chosen.rows) == (file, "an earlier make data", 2)


def test_a_download_that_has_changed_since_is_not_used(tmp_path: Path) -> None:
    an_earlier_download(tmp_path).write_text("a,y\n", encoding="utf-8")

    assert choose("bank", settings(), tmp_path).is_synthetic


def test_without_anything_the_rows_are_synthetic_and_said_to_be(tmp_path: Path) -> None:
    chosen = choose("bank", settings(), tmp_path)

    assert chosen.is_synthetic
    assert "20,000 synthetic rows" in chosen.line
    assert "projects/bank/generate.py" in chosen.line


@pytest.mark.parametrize("variable", ["DATA", "SLIPWAY_BANK_CSV"])
def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path, variable: str) -> None:
    an_earlier_download(tmp_path)

    with pytest.raises(DataError, match=f"{variable}=/nowhere/rows.csv does not exist"):
        choose("bank", settings(**{variable: "/nowhere/rows.csv"}), tmp_path)


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        choose("bank", settings(DATA=str(tmp_path)), tmp_path)


def test_an_unknown_project_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no project 'banc'"):
        choose("banc", settings(), tmp_path)


def test_gzipped_rows_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv.gz"
    file.write_bytes(gzip.compress(ROWS.encode()))

    assert count_rows(file) == 2


def test_rows_that_cannot_be_counted_are_left_to_preprocess(tmp_path: Path) -> None:
    cut = tmp_path / "rows.csv.gz"
    cut.write_bytes(gzip.compress(ROWS.encode() * 100)[:-20])
    parquet = tmp_path / "rows.parquet"
    parquet.write_bytes(b"PAR1")

    assert count_rows(cut) is None
    assert count_rows(parquet) is None
    assert "4 bytes" in choose("bank", settings(DATA=str(parquet)), tmp_path).line


def test_it_runs_on_a_bare_python_and_prints_one_line(rows_csv: Path, tmp_path: Path) -> None:
    # -S leaves out site-packages, as on a machine before `make setup`.
    answer = subprocess.run(
        [
            sys.executable,
            "-S",
            "-m",
            "orchestration.data_source",
            "--project",
            "bank",
            "--data",
            str(rows_csv),
        ],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.count("\n") == 1
    assert answer.stdout.startswith("data: rows.csv, 2 rows, sha256 ")
    assert answer.stderr == ""


def test_a_missing_file_ends_the_command_with_one_line(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-S", "-m", "orchestration.data_source", "--project", "bank"],
        cwd=ROOT,
        env={"PATH": "", "DATA": "nowhere.csv"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "DATA=nowhere.csv does not exist" in answer.stderr


def test_the_record_of_a_download_is_json(tmp_path: Path) -> None:
    file = an_earlier_download(tmp_path)

    record = json.loads((file.parent / "verified.json").read_text(encoding="utf-8"))

    assert record == {"file_name": "bank-full.csv", "rows": 2, "sha256": sha256_of(file)}
