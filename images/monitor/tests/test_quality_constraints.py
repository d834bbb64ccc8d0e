"""What a model's measures must not fall behind, and what chance is allowed."""

import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from monitor.classification import Counts, binary_deviations, binary_measures
from monitor.measures import measured
from monitor.quality import Quality
from monitor.quality_constraints import (
    Constraint,
    Operator,
    operator_of,
    read_constraints,
    suggested_document,
    verdict,
    violations_document,
)
from smcontract.failure import ContractError

BLOCK = "binary_classification_constraints"


def quality(counts: Counts) -> Quality:
    rows = counts.positive + counts.negative
    return Quality(rows, 0, measured(binary_measures(counts), [], binary_deviations(counts), rows=0))


def written(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "constraints.json"
    path.write_text(json.dumps(document))
    return path


def test_what_is_suggested_is_read_again(tmp_path: Path) -> None:
    found = quality(Counts(60, 20, 40, 880))

    constraints = read_constraints(written(tmp_path, suggested_document(BLOCK, found)), BLOCK)

    assert constraints["f1"] == Constraint(
        found.measures["f1"].value, Operator.LESS, found.measures["f1"].of_one_row
    )
    assert constraints["false_positive_rate"].operator is Operator.GREATER
    assert verdict(found, constraints, tolerance=0).violations == ()


def test_more_is_worse_of_errors_alone() -> None:
    greater = {
        name
        for name in ("mae", "mse", "rmse", "r2", "auc", "mape", "coverage_80", "weighted_f1")
        if operator_of(name) is Operator.GREATER
    }

    assert greater == {"mae", "mse", "rmse", "mape"}
    assert operator_of("weighted_quantile_loss_0.1") is Operator.GREATER
    assert operator_of("mean_weighted_quantile_loss") is Operator.GREATER


def test_chance_is_allowed_by_the_windows_size() -> None:
    constraint = Constraint(0.8, Operator.LESS, deviation_of_one_row=0.4)

    # 0.4 / sqrt(400) is 0.02, and three of them 0.06.
    assert not constraint.is_violated(0.741, rows=400, tolerance=3)
    assert constraint.is_violated(0.739, rows=400, tolerance=3)
    assert constraint.is_violated(0.741, rows=1600, tolerance=3)
    assert constraint.is_violated(0.799, rows=400, tolerance=0)
    error = replace(constraint, operator=Operator.GREATER)
    assert error.is_violated(0.861, rows=400, tolerance=3)
    assert not error.is_violated(0.859, rows=400, tolerance=3)


def test_constraints_without_a_deviation_allow_nothing(tmp_path: Path) -> None:
    theirs = {BLOCK: {"recall": {"threshold": 0.6, "comparison_operator": "LessThanThreshold"}}}
    constraints = read_constraints(written(tmp_path, theirs), BLOCK)

    found = verdict(quality(Counts(59, 0, 41, 900)), constraints, tolerance=3)

    assert violations_document(found.violations) == {
        "violations": [
            {
                "constraint_check_type": "LessThanThreshold",
                "description": "Metric recall with 0.59 was LessThanThreshold 0.6",
                "metric_name": "recall",
            }
        ]
    }


def drawn(source: random.Random, rows: int) -> Counts:
    """A window of a model that finds six in ten of the ninth that is positive."""
    cells = source.choices(range(4), weights=[0.066, 0.02, 0.044, 0.87], k=rows)
    return Counts(*(cells.count(cell) for cell in range(4)))


def test_at_most_one_of_18_clean_windows_violates_by_default_and_most_do_by_awss_rule() -> None:
    source = random.Random(1)
    document = suggested_document(BLOCK, quality(drawn(source, 9000)))[BLOCK]
    constraints = {
        name: Constraint(
            each["threshold"], Operator(each["comparison_operator"]), each["deviation_of_one_row"]
        )
        for name, each in document.items()
    }
    windows = [quality(drawn(source, 500)) for _ in range(18)]

    ours = [window for window in windows if verdict(window, constraints, tolerance=3).violations]
    theirs = [window for window in windows if verdict(window, constraints, tolerance=0).violations]

    assert len(ours) <= 1
    assert len(theirs) > 9


def test_what_a_window_cannot_tell_is_said_and_no_violation() -> None:
    constraints = {"recall": Constraint(0.9, Operator.LESS), "accuracy": Constraint(0.9, Operator.LESS)}

    found = verdict(quality(Counts(0, 2, 0, 8)), constraints, tolerance=3)

    assert found.untold == ("recall",)
    assert [each["metric_name"] for each in found.violations] == ["accuracy"]


def test_constraints_on_what_is_not_measured_are_refused() -> None:
    constraints = {"auc": Constraint(0.9, Operator.LESS)}

    with pytest.raises(ContractError, match="constraints on auc, which this job does not measure"):
        verdict(quality(Counts(1, 1, 1, 1)), constraints, tolerance=3)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"features": []}, f"has no object '{BLOCK}' but 'features'"),
        ({BLOCK: {"f1": 0.5}}, f"{BLOCK}.f1 must be a JSON object"),
        (
            {BLOCK: {"f1": {"comparison_operator": "LessThanThreshold"}}},
            "f1.threshold must be a number, got None",
        ),
        ({BLOCK: {"f1": {"threshold": 0.5}}}, "comparison_operator must be LessThanThreshold or"),
        (
            {
                BLOCK: {
                    "f1": {
                        "threshold": 0.5,
                        "comparison_operator": "LessThanThreshold",
                        "deviation_of_one_row": -1,
                    }
                }
            },
            "deviation_of_one_row must not be below 0",
        ),
    ],
)
def test_what_is_wrong_in_constraints_is_named(tmp_path: Path, document: Any, told: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_constraints(written(tmp_path, document), BLOCK)

    assert told in str(refused.value)


def test_a_sample_that_cannot_tell_leaves_no_deviation() -> None:
    values = {"r2": 0.5}
    samples = [{"r2": value} for value in (0.4, 0.5, 0.6, 0.5, 0.5)]

    assert measured(values, samples, {}, rows=200)["r2"].standard_deviation == pytest.approx(
        math.sqrt(0.02 / 4)
    )
    assert math.isnan(measured(values, samples, {}, rows=199)["r2"].standard_deviation)
    untold = [*samples[:4], {"r2": math.nan}]
    assert math.isnan(measured(values, untold, {}, rows=200)["r2"].standard_deviation)
    assert measured(values, samples, {"r2": 2.0}, rows=200)["r2"].of_one_row == 2
