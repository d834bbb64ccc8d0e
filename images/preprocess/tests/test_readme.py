"""The README's tables and examples are what the code does."""

import dataclasses
import json
import re
from fractions import Fraction
from pathlib import Path

from preprocess.__main__ import COMMANDS
from preprocess.arguments import LARGEST_SEED, ArgumentParser, OnBadRows, SplitPlan, parse_arguments
from preprocess.combinations import MOST_COMBINATIONS, Combinations
from preprocess.csv_rows import read_csv
from preprocess.feature_arguments import (
    DIGEST_DIGITS,
    LONGEST_PREFIX,
    features_parser,
    ingest_parser,
    ingest_places_parser,
)
from preprocess.feature_group import OFFLINE_RECORDS_TAG, RECORDS_TAG, definitions
from preprocess.feature_records import MOMENT
from preprocess.features import PARTS
from preprocess.features import REPORT as FEATURES_REPORT
from preprocess.forecasting.append import ROWS as APPENDED
from preprocess.forecasting.arguments import append_parser, forecast_actuals_parser
from preprocess.forecasting.forecast_actuals import FORECASTS
from preprocess.ingest import REPORT as INGEST_REPORT
from preprocess.report import FAULT_LIMIT, REPORT, Report
from preprocess.schema import Schema, parse_schema
from preprocess.training_set import EXAMPLE_LIMIT
from preprocess.training_set import REPORT as TRAINING_SET_REPORT
from preprocess.training_set import ROWS as TRAINING_SET
from preprocess.training_set_arguments import training_set_parser
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


def documented_arguments(command: str) -> dict[str, str]:
    return {name.strip("`"): cells[0] for name, cells in table(f"argument of `{command}`").items()}


def in_force(parser: ArgumentParser) -> dict[str, str]:
    """Every argument that a parser knows, with its default."""
    return {
        option: shown(action.default)
        for action in parser._actions
        for option in action.option_strings
        if action.dest != "help"
    }


def test_the_tables_of_the_commands_arguments_are_the_ones_in_force() -> None:
    assert documented_arguments("ingest") == in_force(ingest_parser(ContainerRoot()))
    assert documented_arguments("features") == in_force(features_parser(ContainerRoot()))
    assert documented_arguments("ingest-places") == in_force(ingest_places_parser(ContainerRoot()))
    assert documented_arguments("forecast-actuals") == in_force(forecast_actuals_parser(ContainerRoot()))
    assert documented_arguments("append") == in_force(append_parser(ContainerRoot()))
    assert documented_arguments("training-set") == in_force(training_set_parser(ContainerRoot()))
    assert f"at most {LONGEST_PREFIX} letters" in README


def test_what_the_commands_leave_is_documented() -> None:
    documented = {name: re.findall(r"`(\S+)`", cells[0]) for name, cells in table("output of").items()}

    assert documented == {
        "`ingest`": [INGEST_REPORT],
        "`features`": [*PARTS.values(), FEATURES_REPORT],
        "`training-set`": [TRAINING_SET, TRAINING_SET_REPORT],
        "`ingest-places`": [INGEST_REPORT],
        "`forecast-actuals`": [FORECASTS, REPORT],
        "`append`": [APPENDED, REPORT],
    }


def test_the_commands_are_documented() -> None:
    assert set(table("first argument")) == {"none of these", *(f"`{name}`" for name in COMMANDS)}


def test_what_a_group_holds_is_documented() -> None:
    (key, event_time, column) = table("feature").values()

    types = [each["FeatureType"] for each in definitions(Combinations.of(example_schema()))]
    assert [key[0], event_time[0], column[0]] == types[:3]
    assert event_time[1].startswith(MOMENT)
    assert f"`{RECORDS_TAG}`" in README
    assert f"`{OFFLINE_RECORDS_TAG}`" in README
    assert f"({MOST_COMBINATIONS:,} at most)" in README
    assert f"`<prefix>-<{DIGEST_DIGITS} digits>`" in README


def test_documented_limits_are_the_ones_in_force() -> None:
    allowed = {name.strip("`"): cells[1] for name, cells in table("argument").items()}

    assert allowed["--seed"].startswith(f"0 to {LARGEST_SEED};")
    assert allowed["--live-seed"].startswith(f"0 to {LARGEST_SEED};")
    assert allowed["--on-bad-rows"] == ", ".join(OnBadRows)
    assert f"the first {FAULT_LIMIT} faults" in README
    assert f"and the first {EXAMPLE_LIMIT}\nof those as examples" in README


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
