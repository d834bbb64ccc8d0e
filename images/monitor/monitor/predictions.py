"""Where predictions and what came true are in a dataset, and what kind they are of."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from smcontract.failure import ContractError

_QUANTILES_EXAMPLE = "0.1:p10,0.5:p50,0.9:p90"


class ProblemType(StrEnum):
    """What a model predicts, in the API's words (`ModelQualityAppSpecification.ProblemType`)."""

    REGRESSION = "Regression"
    BINARY = "BinaryClassification"
    MULTICLASS = "MulticlassClassification"


@dataclass(frozen=True, slots=True)
class Predictions:
    """Columns by name, by 0-based index as text, or by JSON path.

    `quantiles` are a forecast's: level and column, in order of the level.
    `tolerance` is how many standard deviations of a window's own size a metric
    may be worse than its baseline before it is a violation; 0 is AWS's rule.
    """

    problem_type: ProblemType | None = None
    inference: str | None = None
    probability: str | None = None
    ground_truth: str | None = None
    probability_threshold: float | None = None
    positive_label: str | None = None
    quantiles: tuple[tuple[float, str], ...] = ()
    tolerance: float = 3.0


def parse_predictions(variables: Mapping[str, str], is_forecast: bool) -> Predictions:
    """What `variables` say of a model's predictions.

    Source of the names: developer guide, "Container Contract Inputs"; of
    `quantile_attributes` and `model_quality_tolerance`: this image.
    Raises ContractError for what is missing, wrong, or without a use.
    """
    predictions = Predictions(
        problem_type=None if is_forecast else _problem_type(variables),
        inference=variables.get("inference_attribute") or None,
        probability=variables.get("probability_attribute") or None,
        ground_truth=variables.get("ground_truth_attribute") or None,
        probability_threshold=_number(variables, "probability_threshold_attribute", None),
        positive_label=variables.get("positive_label") or None,
        quantiles=_quantiles(variables.get("quantile_attributes", "")) if is_forecast else (),
        tolerance=_number(variables, "model_quality_tolerance", 3.0) or 0.0,
    )
    if predictions.tolerance < 0:
        raise ContractError(f"model_quality_tolerance={predictions.tolerance:g} must not be below 0.")
    if is_forecast:
        _check_forecast(predictions)
    else:
        _check_model(predictions)
    return predictions


def _problem_type(variables: Mapping[str, str]) -> ProblemType:
    value = variables.get("problem_type") or ""
    try:
        return ProblemType(value)
    except ValueError:
        told = f"problem_type={value}" if value else "problem_type is not set, but"
        raise ContractError(f"{told} must be one of {', '.join(ProblemType)} for model quality.") from None


def _number(variables: Mapping[str, str], name: str, default: float | None) -> float | None:
    value = variables.get(name)
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ContractError(f"{name}={value} must be a number.")
    return number


def _check_model(predictions: Predictions) -> None:
    kind = predictions.problem_type
    if predictions.inference is None and (predictions.probability is None or kind is not ProblemType.BINARY):
        instead = " or probability_attribute" if kind is ProblemType.BINARY else ""
        raise ContractError(
            f"inference_attribute{instead} is not set; name the column that holds the model's answer."
        )
    if kind is not ProblemType.BINARY and predictions.probability_threshold is not None:
        raise ContractError(
            f"probability_threshold_attribute has no meaning for {kind}; leave it out, or set "
            f"problem_type={ProblemType.BINARY}."
        )
    if predictions.probability_threshold is not None and predictions.probability is None:
        raise ContractError(
            "probability_threshold_attribute is set and probability_attribute is not; name the column "
            "that holds the probability of the positive label."
        )
    if not 0 <= (predictions.probability_threshold or 0) <= 1:
        raise ContractError(
            f"probability_threshold_attribute={predictions.probability_threshold:g} must be from 0 to 1."
        )


def _quantiles(text: str) -> tuple[tuple[float, str], ...]:
    """`0.1:p10,0.9:p90` as levels and columns."""
    found: dict[float, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        level, _, column = part.partition(":")
        try:
            quantile = float(level)
        except ValueError:
            quantile = math.nan
        if not 0 < quantile < 1 or not column.strip() or quantile in found:
            raise ContractError(
                f"quantile_attributes: '{part}' must be a level between 0 and 1, once, and its column; "
                f"write for example {_QUANTILES_EXAMPLE}."
            )
        found[quantile] = column.strip()
    return tuple(sorted(found.items()))


def _check_forecast(predictions: Predictions) -> None:
    if predictions.inference is None and not predictions.quantiles:
        raise ContractError(
            "neither inference_attribute (the column of the forecast's mean) nor quantile_attributes "
            f"(for example {_QUANTILES_EXAMPLE}) is set; a forecast needs one of them."
        )
