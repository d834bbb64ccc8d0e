"""What a forecasting project's retraining is made of: the first rows, and all that came since."""

from datetime import UTC, datetime

import pytest

from orchestration.handlers.forecast_retrain import rows_since
from orchestration.handlers.versions import NothingToTrainOnError
from tests.unit.orchestration.handlers.test_labelled_rows import GROUP, PIPELINE, Bank
from tests.unit.orchestration.handlers.test_labelled_rows import bank as bank

END = datetime(2026, 1, 31, tzinfo=UTC)
ENVIRONMENT = {
    "ACTUALS_URI": "s3://slipway-bank/actuals",
    "WINDOWS_URI": "s3://slipway-bank/monitoring/windows",
    "MODEL_PACKAGE_GROUP_NAME": GROUP,
    "TRAINING_PIPELINE_NAME": PIPELINE,
}


def collect(bank: Bank) -> dict[str, str]:
    return rows_since(bank.client, bank.s3, ENVIRONMENT, "abc", END)


def test_all_rows_that_came_up_to_the_end_of_the_window_follow_those_of_the_first_training(
    bank: Bank,
) -> None:
    bank.version("data/1/rows.csv")
    bank.version("incoming/retraining-xyz/rows.csv")
    days = [f"2026/01/{day}/rows.csv" for day in (29, 30, 31)]
    bank.s3.put("s3://slipway-bank/actuals/2024/06/01/rows.csv")
    bank.s3.put(*(f"s3://slipway-bank/actuals/{day}" for day in days))

    collected = collect(bank)

    assert collected["base"] == "s3://slipway-bank/data/1/rows.csv"
    assert bank.manifest(collected["actuals"]) == [
        {"prefix": "s3://slipway-bank/actuals/"},
        *("2024/06/01/rows.csv", *days[:2]),
    ]


def test_where_nothing_came_there_is_nothing_to_append(bank: Bank) -> None:
    bank.version("data/1/rows.csv")

    with pytest.raises(NothingToTrainOnError, match="holds no rows before 2026-01-31"):
        collect(bank)


@pytest.mark.parametrize("missing", ENVIRONMENT)
def test_a_missing_variable_is_named(bank: Bank, missing: str) -> None:
    bank.s3.put("s3://slipway-bank/actuals/2026/01/30/rows.csv")
    rest = {name: value for name, value in ENVIRONMENT.items() if name != missing}

    with pytest.raises(KeyError, match=missing):
        rows_since(bank.client, bank.s3, rest, "abc", END)
