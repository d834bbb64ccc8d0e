import pytest
from smcontract.failure import ContractError
from train_xgb.hyperparameters import Hyperparameters, parse_hyperparameters


def test_without_any_the_defaults_hold_and_threads_are_fixed() -> None:
    assert parse_hyperparameters({}) == Hyperparameters()
    assert Hyperparameters().nthread == 2


@pytest.mark.parametrize("value", [7, 7.0, "7"])
def test_whole_numbers_may_come_as_tuners_and_sdk_write_them(value: object) -> None:
    assert parse_hyperparameters({"max_depth": value}).max_depth == 7


def test_names_are_those_of_sagemaker() -> None:
    parsed = parse_hyperparameters({"lambda": "2.5", "eta": 1})

    assert parsed.lambda_ == 2.5
    assert parsed.as_document()["lambda"] == 2.5
    assert parsed.eta == 1.0


@pytest.mark.parametrize("value", ["auc,logloss", "auc, logloss", ["auc", "logloss"]])
def test_the_last_eval_metric_is_the_one_watched(value: object) -> None:
    assert parse_hyperparameters({"eval_metric": value}).watched_metric == "logloss"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("eta", "fast", "a number above 0 and at most 1"),
        ("eta", 0, "a number above 0 and at most 1"),
        ("eta", float("nan"), "a number above 0 and at most 1"),
        ("eta", None, "a number above 0 and at most 1"),
        ("gamma", -1, "a number at least 0"),
        ("gamma", float("inf"), "a number at least 0"),
        ("gamma", 10**400, "a number at least 0"),
        ("num_round", 0, "a whole number from 1 to 100000"),
        ("num_round", 5.5, "a whole number from 1 to 100000"),
        ("num_round", True, "a whole number from 1 to 100000"),
        ("num_round", "1_000", "a whole number from 1 to 100000"),
        ("tree_method", "gpu_hist", "one of hist, approx, exact"),
        ("objective", "reg:squarederror", "binary:logistic"),
        ("eval_metric", "rmse", "one or more of auc, aucpr, error, logloss"),
        ("eval_metric", [], "one or more of auc, aucpr, error, logloss"),
        ("eval_metric", [["auc"]], "one or more of auc, aucpr, error, logloss"),
        ("decision_threshold", 1, "a number at least 0 and below 1".replace("at least", "above")),
    ],
)
def test_an_impossible_value_is_named_with_what_is_allowed(name: str, value: object, allowed: str) -> None:
    with pytest.raises(ContractError) as failure:
        parse_hyperparameters({name: value})

    assert name in str(failure.value)
    assert allowed in str(failure.value)


def test_a_typo_gets_the_close_names() -> None:
    with pytest.raises(ContractError, match=r"'max_dept' is not a hyperparameter \(did you mean max_depth"):
        parse_hyperparameters({"max_dept": 3})


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(ContractError) as failure:
        parse_hyperparameters({"etaa": 1, "max_depth": "deep", "subsample": 2})

    assert all(name in str(failure.value) for name in ("etaa", "max_depth='deep'", "subsample=2"))


def test_what_the_platform_adds_for_itself_is_ignored() -> None:
    given = {"sagemaker_region": "us-east-1", "_tuning_objective_metric": "validation:auc"}

    assert parse_hyperparameters(given) == Hyperparameters()
