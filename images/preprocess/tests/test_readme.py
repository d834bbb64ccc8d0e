"""The README's tables and examples are what the code does."""

import dataclasses
import json
import re
from fractions import Fraction
from pathlib import Path

from preprocess.arguments import LARGEST_SEED, OnBadRows, SplitPlan, parse_arguments
from preprocess.csv_rows import read_csv
from preprocess.report import FAULT_LIMIT, Report
from preprocess.schema import Schema, parse_schema
from preprocess.validation import check
from preprocess.writing import EVERY_NAME
from smcontract.root import ContainerRoot

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def table(first_heading: str) -> dict[str, list[str]]:
    """The rows of the table whose first column has this heading, by their first cell."""
    found = re.search(rf"^\| {first_heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert found is not None, f"no table begins with a column '{first_heading}'"
    rows = [line.strip("|").split("|") for line in found[1].splitlines()]
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in rows}


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def example_schema() -> Schema:
    content = examples("json")[0]
    return parse_schema(json.loads(content), content.encode())


def shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Fraction):
        return f"{float(value):g}"
    return f"`{value}`" if isinstance(value, Path) else str(value)


def test_the_table_of_arguments_is_the_one_in_force() -> None:
    settings = parse_arguments([], ContainerRoot())
    split = {field.name: getattr(settings.split, field.name) for field in dataclasses.fields(SplitPlan)}
    others = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    del others["split"]

    documented = {name.strip("`"): cells[0] for name, cells in table("argument").items()}

    assert documented == {
        f"--{name.replace('_', '-')}": shown(value) for name, value in (others | split).items()
    }


def test_documented_limits_are_the_ones_in_force() -> None:
    allowed = {name.strip("`"): cells[1] for name, cells in table("argument").items()}

    assert allowed["--seed"].startswith(f"0 to {LARGEST_SEED};")
    assert allowed["--live-seed"].startswith(f"0 to {LARGEST_SEED};")
    assert allowed["--on-bad-rows"] == ", ".join(OnBadRows)
    assert f"the first {FAULT_LIMIT} faults" in README


def test_the_table_of_outputs_is_complete() -> None:
    documented = [name for cell in table("file") for name in re.findall(r"`(\S+)`", cell)]

    assert sorted(documented) == sorted(EVERY_NAME)


def test_every_key_of_the_report_is_described() -> None:
    paragraph = re.search(r"^\*\*Report\*\*.*?\n\n", README, re.MULTILINE | re.DOTALL)
    assert paragraph is not None

    assert sorted(re.findall(r"`(\w+)`", paragraph[0])) == sorted(Report().document())


def test_the_schema_example_works() -> None:
    schema = example_schema()

    assert schema.columns == ("age", "rate", "job", "y")
    assert schema.encoded_names == ("age", "rate", "job_admin", "job_student")


def test_the_example_of_a_bad_row_is_reported_as_the_readme_shows() -> None:
    schema = example_schema()
    rows = "age,rate,job,y\n58,0.25,student,yes\n17,,admin.,no\n"

    checked = check(read_csv(rows.encode(), "clients.csv", schema.columns), schema, FAULT_LIMIT)

    assert len(checked.rows) == 1
    assert [fault.document() for fault in checked.faults] == [json.loads(examples("json")[1])]
