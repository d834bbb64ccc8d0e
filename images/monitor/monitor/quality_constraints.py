"""constraints.json and constraint_violations.json of a model: what its measures must not fall behind.

Source of the form: developer guide, "Model quality metrics", and the SDK's
samples. `deviation_of_one_row` is ours: a window of n rows differs from its
baseline by `deviation_of_one_row / sqrt(n)` by chance alone.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

from monitor.files import read_document
from monitor.quality import Quality

_DEVIATION = "deviation_of_one_row"
# Where more is worse; of everything else less is.
_ERRORS = ("mae", "mse", "rmse", "false_positive_rate", "false_negative_rate", "mape")
_LOSSES = ("weighted_quantile_loss", "mean_weighted_quantile_loss")


class Operator(StrEnum):
    """What is a violation, in the words of CloudWatch's alarms."""

    LESS = "LessThanThreshold"
    GREATER = "GreaterThanThreshold"


@dataclass(frozen=True, slots=True)
class Constraint:
    """The worst that one measure may be; without `deviation_of_one_row` chance is not allowed for."""

    threshold: float
    operator: Operator
    deviation_of_one_row: float = 0.0

    def allowance(self, rows: int, tolerance: float) -> float:
        """What chance is allowed in a window of `rows` rows."""
        return tolerance * self.deviation_of_one_row / math.sqrt(rows)

    def is_violated(self, value: float, rows: int, tolerance: float) -> bool:
        """Whether the value is worse than the threshold by more than the allowance."""
        allowance = self.allowance(rows, tolerance)
        if self.operator is Operator.LESS:
            return value < self.threshold - allowance
        return value > self.threshold + allowance


def operator_of(name: str) -> Operator:
    """Which side of its threshold a measure must not be on."""
    return Operator.GREATER if name in _ERRORS or name.startswith(_LOSSES) else Operator.LESS


def suggested_document(block: str, quality: Quality) -> dict[str, Any]:
    """The constraints that the data itself keeps: each measure's own value is the threshold.

    The best constant classifier's figures say nothing of the model, and what
    cannot be told has no threshold.
    """
    constraints = {
        name: {
            "threshold": measure.value,
            "comparison_operator": str(operator_of(name)),
            **({_DEVIATION: measure.of_one_row} if math.isfinite(measure.of_one_row) else {}),
        }
        for name, measure in quality.measures.items()
        if math.isfinite(measure.value) and not name.endswith("_best_constant_classifier")
    }
    return {"version": 0.0, block: constraints}


def read_constraints(path: Path, block: str) -> dict[str, Constraint]:
    """The constraints in a file by measure.

    Raises ContractError that names the key for whatever is not as it should be.
    """
    document = read_document(path, "baseline_constraints")
    where = f"baseline_constraints {path}"
    constraints = document.get(block)
    if not isinstance(constraints, dict):
        there = ", ".join(map(repr, document)) or "nothing"
        raise ContractError(
            f"{where} has no object '{block}' but {there}; give the constraints.json of a baseline job "
            "of the same analysis_type and problem_type."
        )
    return {name: _constraint(f"{where}: {block}.{name}", each) for name, each in constraints.items()}


def _constraint(where: str, document: Any) -> Constraint:
    if not isinstance(document, dict):
        raise ContractError(f"{where} must be a JSON object.")
    try:
        operator = Operator(str(document.get("comparison_operator")))
    except ValueError:
        raise ContractError(
            f"{where}.comparison_operator must be {' or '.join(Operator)}, "
            f"got {document.get('comparison_operator')!r}."
        ) from None
    deviation = _number(where, document, _DEVIATION, 0.0)
    if deviation < 0:
        raise ContractError(f"{where}.{_DEVIATION} must not be below 0, got {deviation!r}.")
    return Constraint(_number(where, document, "threshold", None), operator, deviation)


def _number(where: str, document: Mapping[str, Any], name: str, default: float | None) -> float:
    value = document.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ContractError(f"{where}.{name} must be a number, got {value!r}.")
    return float(value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison with the baseline says; `untold` are measures that this window cannot tell."""

    violations: tuple[dict[str, str], ...]
    untold: tuple[str, ...]


def verdict(quality: Quality, constraints: Mapping[str, Constraint], tolerance: float) -> Verdict:
    """Where the model is worse than its constraints say.

    Raises ContractError for constraints on measures that this job has not.
    """
    unknown = [name for name in constraints if name not in quality.measures]
    if unknown:
        raise ContractError(
            f"baseline_constraints has constraints on {', '.join(unknown)}, which this job does not measure; "
            "name the columns that the baseline had (probability_attribute, quantile_attributes), "
            "or remove them."
        )
    untold = [name for name in constraints if math.isnan(quality.measures[name].value)]
    return Verdict(tuple(_violations(quality, constraints, tolerance)), tuple(untold))


def _violations(
    quality: Quality, constraints: Mapping[str, Constraint], tolerance: float
) -> Iterator[dict[str, str]]:
    for name, constraint in constraints.items():
        value = quality.measures[name].value
        # Nothing is known of NaN, which no comparison holds for.
        if constraint.is_violated(value, quality.rows, tolerance):
            yield {
                "constraint_check_type": str(constraint.operator),
                "description": _description(name, value, constraint, quality.rows, tolerance),
                "metric_name": name,
            }


def _description(name: str, value: float, constraint: Constraint, rows: int, tolerance: float) -> str:
    text = f"Metric {name} with {value} was {constraint.operator} {constraint.threshold}"
    allowance = constraint.allowance(rows, tolerance)
    if not allowance:
        return text
    return f"{text} by more than {allowance:.4g}, which is {tolerance:g} standard deviations of {rows:,} rows"


def violations_document(violations: tuple[dict[str, str], ...]) -> dict[str, Any]:
    """The file's content."""
    return {"violations": [dict(each) for each in violations]}
