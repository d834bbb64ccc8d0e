import pytest
from smcontract.failure import ContractError
from train_deepar.hyperparameters import Hyperparameters, parse_hyperparameters


def test_without_any_the_defaults_hold() -> None:
    assert parse_hyperparameters({}) == Hyperparameters()
    assert (Hyperparameters().estimator, Hyperparameters().nthread) == ("deepar", 1)


@pytest.mark.parametrize("value", ["student-T", "student-t", "Student-T"])
def test_sagemakers_spelling_of_a_likelihood_is_read(value: str) -> None:
    assert parse_hyperparameters({"likelihood": value}).likelihood == "student-t"


@pytest.mark.parametrize(("value", "meant"), [("true", True), ("False", False), (True, True), (False, False)])
def test_flags_may_come_as_text_or_json(value: object, meant: bool) -> None:
    assert parse_hyperparameters({"refit": value}).refit is meant


@pytest.mark.parametrize("value", [7, 7.0, "7"])
def test_whole_numbers_may_come_as_tuners_and_sdk_write_them(value: object) -> None:
    assert parse_hyperparameters({"epochs": value}).epochs == 7


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("estimator", "arima", "one of deepar, tft, seasonal-naive"),
        ("likelihood", "poisson", "one of student-t, negative-binomial"),
        ("context_length", 0, "a whole number from 1 to 10000"),
        ("epochs", 1.5, "a whole number from 1 to 10000"),
        ("epochs", True, "a whole number from 1 to 10000"),
        ("learning_rate", 0, "a number above 0"),
        ("learning_rate", float("nan"), "a number above 0"),
        ("dropout_rate", 1, "a number at least 0 and below 1"),
        ("weight_decay", -1, "a number at least 0"),
        ("refit", "yes", "true or false"),
        ("refit", 1, "true or false"),
        ("calibrate", None, "true or false"),
    ],
)
def test_an_impossible_value_is_named_with_what_is_allowed(name: str, value: object, allowed: str) -> None:
    with pytest.raises(ContractError) as failure:
        parse_hyperparameters({name: value})

    assert name in str(failure.value)
    assert str(failure.value).endswith(f"must be {allowed}.")


def test_everything_wrong_is_told_at_once_and_a_typo_gets_the_close_names() -> None:
    with pytest.raises(ContractError) as failure:
        parse_hyperparameters({"epoch": 1, "num_cells": "many", "refit": "no"})

    assert all(
        name in str(failure.value) for name in ("did you mean epochs", "num_cells='many'", "refit='no'")
    )


def test_what_the_platform_adds_for_itself_is_ignored() -> None:
    given = {"sagemaker_region": "us-east-1", "_tuning_objective_metric": "validation:loss"}

    assert parse_hyperparameters(given) == Hyperparameters()
