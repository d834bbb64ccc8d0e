"""Where predictions and what came true are."""

import pytest
from monitor.predictions import Predictions, ProblemType, parse_predictions
from smcontract.failure import ContractError

BINARY = {"problem_type": "BinaryClassification", "inference_attribute": "0"}


def test_a_models_columns_and_labels_are_read() -> None:
    predictions = parse_predictions(
        BINARY
        | {
            "probability_attribute": "1",
            "ground_truth_attribute": "y",
            "probability_threshold_attribute": "0.7",
            "positive_label": "yes",
            "model_quality_tolerance": "0",
        },
        is_forecast=False,
    )

    assert predictions == Predictions(ProblemType.BINARY, "0", "1", "y", 0.7, "yes", (), 0.0)


def test_three_standard_deviations_are_allowed_by_default() -> None:
    assert parse_predictions(BINARY, is_forecast=False).tolerance == 3


def test_quantiles_are_in_order_of_their_levels() -> None:
    predictions = parse_predictions({"quantile_attributes": "0.9:p90, 0.1:p:10"}, is_forecast=True)

    assert predictions.quantiles == ((0.1, "p:10"), (0.9, "p90"))
    assert predictions.problem_type is None


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"inference_attribute": "0"}, "problem_type is not set, but must be one of Regression, Binary"),
        (BINARY | {"problem_type": "Binary"}, "problem_type=Binary must be one of Regression"),
        ({"problem_type": "BinaryClassification"}, "inference_attribute or probability_attribute is not set"),
        (
            {"problem_type": "MulticlassClassification", "probability_attribute": "1"},
            "inference_attribute is not set",
        ),
        (
            {
                "problem_type": "Regression",
                "inference_attribute": "0",
                "probability_threshold_attribute": "0.5",
            },
            "has no meaning for Regression",
        ),
        (BINARY | {"probability_threshold_attribute": "0.5"}, "probability_attribute is not"),
        (
            BINARY | {"probability_attribute": "1", "probability_threshold_attribute": "50"},
            "must be from 0 to 1",
        ),
        (BINARY | {"model_quality_tolerance": "-1"}, "must not be below 0"),
        (BINARY | {"model_quality_tolerance": "nan"}, "model_quality_tolerance=nan must be a number"),
    ],
)
def test_what_is_wrong_is_named(variables: dict[str, str], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        parse_predictions(variables, is_forecast=False)


@pytest.mark.parametrize("text", ["0.5", "1:p", "0.5:a,0.5:b", "half:a", "0.5: "])
def test_a_quantile_is_a_level_and_its_column_once(text: str) -> None:
    with pytest.raises(ContractError, match="quantile_attributes: "):
        parse_predictions({"quantile_attributes": text}, is_forecast=True)


def test_a_forecast_needs_a_mean_or_quantiles() -> None:
    with pytest.raises(ContractError, match="a forecast needs one of them"):
        parse_predictions({}, is_forecast=True)
