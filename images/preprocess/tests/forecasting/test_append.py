"""`append`: earlier rows and newer ones, of which the last of a series and day counts."""

import json
from pathlib import Path
from typing import Any

import pytest
from preprocess.forecasting.append import append
from preprocess.forecasting.arguments import parse_append
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

from tests.forecasting.conftest import DAYS, Row, csv_of, iso, write


def run(ml: Path, *arguments: str) -> tuple[list[str], Any]:
    """The file's lines and the report."""
    root = ContainerRoot(ml)
    append(parse_append(list(arguments), root), root, StopSignal())
    output = root.processing / "output"
    return (
        (output / "data/rows.csv").read_text().splitlines(),
        json.loads((output / "report/report.json").read_bytes()),
    )


def test_newer_rows_are_added_and_replace(ml: Path, sales: list[Row]) -> None:
    newer = [
        {**sales[0], "sold": "77"},
        {**sales[1], "price": "1,25"},
        sales[2],
        {**sales[3], "day": iso(DAYS)},
        {**sales[4], "good": "new, and improved"},
    ]
    text = csv_of(newer, ";").replace(b"new, and improved", b'"new, and improved"')
    write(ml / "processing/input/actuals/b.csv", text)

    lines, report = run(ml)

    assert (report["added"], report["replaced"], report["unchanged"]) == (2, 2, 1)
    assert lines[:4] == [
        "day,shop,good,kind,price,sold",
        f"{iso(0)},1,20,bread,1.5,77",
        f"{iso(1)},1,20,bread,1.25,1",
        f"{iso(2)},1,20,bread,3.5,2",
    ]
    # The first series has a day more; the new good comes after its old ones.
    assert lines[1 + DAYS] == f"{iso(DAYS)},1,20,bread,4.5,3"
    assert lines[-DAYS - 1] == f'{iso(4)},1,"new, and improved",bread,5.5,4'
    assert len(lines) == 1 + len(sales) + 2
    assert (report["rows_kept"], report["start"], report["end"]) == (44, iso(0), iso(DAYS))
    assert [file["name"] for file in report["files"]] == ["data/sales.csv", "actuals/b.csv"]


def test_of_several_newer_rows_of_a_day_the_last_counts(ml: Path, sales: list[Row]) -> None:
    for name, sold in (("a.csv", "50"), ("b.csv", "60")):
        write(ml / "processing/input/actuals" / name, csv_of([{**sales[0], "sold": sold}]))

    lines, report = run(ml)

    assert lines[1].endswith(",60")
    assert report["replaced"] == 1


def test_what_was_appended_is_read_again_as_it_is(ml: Path, sales: list[Row]) -> None:
    write(ml / "processing/input/actuals/b.csv", csv_of(sales[:1]))
    first, _ = run(ml)
    write(ml / "processing/input/data/sales.csv", "\n".join(first).encode())

    second, report = run(ml)

    assert second == first
    assert (report["added"], report["replaced"], report["unchanged"]) == (0, 0, 1)


def test_bad_newer_rows_fail_the_job_or_are_dropped(ml: Path, sales: list[Row]) -> None:
    write(ml / "processing/input/actuals/b.csv", csv_of([{**sales[0], "sold": "-1"}, sales[1]]))

    with pytest.raises(
        ContractError, match=r"1 of 44 rows is bad. actuals/b.csv line 2, column 'sold': '-1'"
    ):
        run(ml)
    assert not (ml / "processing/output/data/rows.csv").exists()

    lines, report = run(ml, "--on-bad-rows", "drop")

    assert lines[1] == f"{iso(0)},1,20,bread,1.5,0"
    assert (report["rows_dropped"], report["unchanged"]) == (1, 1)
