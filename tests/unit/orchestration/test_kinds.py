"""Which kind a project is of is asked in one place, and what each kind says beside its file."""

import ast
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.errors import MonitoringError
from orchestration.kinds import kind_of
from orchestration.kinds.forecasting import Forecasting
from orchestration.kinds.tabular import Tabular
from orchestration.project_file import load_project
from orchestration.run_record import RunRecord
from orchestration.settings import ROOT
from tests.support.objects import Objects

EVALUATION: dict[str, dict[str, Any]] = {
    "forecast_metrics": {
        "mean_weighted_quantile_loss": {"value": 0.2, "standard_deviation": "NaN"},
        "relative_mean_weighted_quantile_loss": {"value": 0.6, "standard_deviation": "NaN"},
        "coverage_80": {"value": 0.81, "standard_deviation": "NaN"},
        "mape": {"value": "NaN", "standard_deviation": "NaN"},
    },
    "seasonal_naive": {"mean_weighted_quantile_loss": 0.33},
}


def test_a_project_is_seen_as_one_of_its_kind() -> None:
    assert isinstance(kind_of(load_project("bank")), Tabular)
    assert isinstance(kind_of(load_project("retail")), Forecasting)


def names_of_kinds_asked(text: str) -> set[str]:
    """The models of project files that a module compares with by isinstance."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            found |= {each.id for each in ast.walk(node.args[1]) if isinstance(each, ast.Name)}
    return found & {"TabularProject", "ForecastingProject"}


def test_nobody_else_asks_which_kind_a_project_is_of() -> None:
    asking = {
        str(file.relative_to(ROOT / "orchestration"))
        for file in (ROOT / "orchestration").rglob("*.py")
        if names_of_kinds_asked(file.read_text(encoding="utf-8"))
    }

    # Beside both interfaces, what loads a project for verbs that are for rows of features alone.
    assert asking == {"kinds/__init__.py", "pipelines/steps.py", "project_file.py"}


@pytest.mark.parametrize(
    ("project", "key", "expected"),
    [
        (
            "retail",
            "actuals/2026/01/30/rows.csv",
            datetime(2026, 1, 31, tzinfo=UTC),
        ),
        (
            "bank",
            "captured/slipway-bank/AllTraffic/2026/11/26/04/a.jsonl",
            datetime(2026, 11, 26, 5, tzinfo=UTC),
        ),
    ],
)
def test_monitors_look_at_the_newest_hour_or_day_that_there_is(
    project: str, key: str, expected: datetime
) -> None:
    s3 = Objects()
    s3.put(f"s3://slipway-{project}/{key}")
    aws: Any = SimpleNamespace(s3=s3)

    assert kind_of(load_project(project)).newest_end(aws) == expected


@pytest.mark.parametrize(
    ("project", "way_out"),
    [
        ("retail", r"s3://slipway-retail/actuals holds no rows; .*aws s3 cp rows\.csv"),
        ("bank", r"s3://slipway-bank/captured holds no call of slipway-bank; .*make api PROJECT=bank"),
    ],
)
def test_where_there_is_nothing_to_look_at_the_way_out_is_told(project: str, way_out: str) -> None:
    aws: Any = SimpleNamespace(s3=Objects())

    with pytest.raises(MonitoringError, match=way_out):
        kind_of(load_project(project)).newest_end(aws)


@pytest.fixture
def record() -> RunRecord:
    return RunRecord("retail", "2026-11-26T00:00:00Z", "run.log")


def reading(document: Any) -> Callable[[str, str], Any]:
    return lambda _output, _file: document


def test_an_evaluation_s_figures_are_kept_beside_the_reference_s(record: RunRecord) -> None:
    said = kind_of(load_project("retail")).step_detail("evaluate", reading(EVALUATION), record)

    assert said == "weighted quantile loss 0.2000, seasonal naive 0.3300; 80 % interval covers 81%"
    # What cannot be told is no number.
    assert set(record.metrics) == set(EVALUATION["forecast_metrics"]) - {"mape"}
    assert record.reference == {"seasonal_naive": {"mean_weighted_quantile_loss": 0.33}}


def test_a_step_of_which_nothing_is_worth_knowing_says_nothing(record: RunRecord) -> None:
    for project in ("bank", "retail"):
        assert kind_of(load_project(project)).step_detail("train", reading({}), record) == ""
