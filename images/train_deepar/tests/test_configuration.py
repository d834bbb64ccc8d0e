import json

import pytest
from smcontract.failure import ContractError
from train_deepar.configuration import MOST_SERIES, Configuration
from train_deepar.errors import BadRequestError


def test_what_is_not_said_is_as_the_built_in_deepar_has_it() -> None:
    assert Configuration().changed({}) == Configuration(
        num_samples=100,
        output_types=("mean", "quantiles"),
        quantiles=("0.1", "0.5", "0.9"),
        prediction_length=None,
        seed=0,
    )


def test_what_is_said_replaces_what_was_there_and_nothing_else() -> None:
    changed = Configuration(seed=4).changed({"num_samples": 20, "quantiles": [0.25, "0.750"]})

    assert changed == Configuration(num_samples=20, quantiles=("0.25", "0.750"), seed=4)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "configuration is not a JSON object"),
        ({"samples": 3}, 'keys unknown: "samples"; there are num_samples'),
        ({"num_samples": 0}, "num_samples is 0; it needs a whole number from 1 to 1000"),
        ({"num_samples": 1001}, "num_samples is 1001"),
        ({"num_samples": True}, "num_samples is true"),
        ({"num_samples": 10.0}, "num_samples is 10.0"),
        ({"num_samples": "10"}, 'num_samples is "10"'),
        ({"output_types": []}, "output_types is []"),
        ({"output_types": ["mode"]}, "one or more of mean, median, quantiles, samples"),
        ({"output_types": "mean"}, 'output_types is "mean"'),
        ({"output_types": [["mean"]]}, 'output_types is [["mean"]]'),
        ({"quantiles": []}, "quantiles is []"),
        ({"quantiles": ["0.1", 0.1]}, "quantiles names a level twice"),
        ({"quantiles": [0]}, "quantiles has 0; a level is a number between 0 and 1"),
        ({"quantiles": ["nan"]}, 'quantiles has "nan"'),
        ({"quantiles": [True]}, "quantiles has true"),
        ({"quantiles": [10**400]}, "quantiles has 1000"),
        ({"quantiles": [{}]}, "quantiles has {}"),
        ({"prediction_length": 0}, "prediction_length is 0; it needs a whole number of at least 1"),
        ({"seed": -1}, "seed is -1; it needs a whole number from 0"),
        ({"seed": 2**31}, "seed is 2147483648"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(document: object, reason: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        Configuration().changed(document)

    assert reason in str(refused.value)


def test_a_horizon_is_the_trained_one_or_a_shorter_one() -> None:
    assert Configuration().horizon(30) == 30
    assert Configuration(prediction_length=14).horizon(30) == 14
    with pytest.raises(BadRequestError, match="prediction_length is 31, the model was trained for 30 days"):
        Configuration(prediction_length=31).horizon(30)


def test_a_request_for_too_much_is_refused_with_what_to_ask_for() -> None:
    Configuration().check_size(MOST_SERIES, 30)
    Configuration(num_samples=1000).check_size(100, 30)
    with pytest.raises(BadRequestError, match="501 instances are more than 500"):
        Configuration().check_size(MOST_SERIES + 1, 1)
    with pytest.raises(BadRequestError, match="101 instances × 1000 samples × 30 days are 3,030,000 values"):
        Configuration(num_samples=1000).check_size(101, 30)


def test_a_batch_transforms_variable_is_what_is_answered_where_a_request_says_nothing() -> None:
    text = json.dumps({"output_types": ["median"], "num_samples": 7})

    found = Configuration.from_environ({"DEEPAR_INFERENCE_CONFIG": text})

    assert found == Configuration(num_samples=7, output_types=("median",))
    assert Configuration.from_environ({}) == Configuration()


@pytest.mark.parametrize("text", ["{", '{"num_samples": "many"}', "[" * 100_000])
def test_a_variable_that_makes_no_sense_is_refused_by_name(text: str) -> None:
    with pytest.raises(ContractError, match="DEEPAR_INFERENCE_CONFIG="):
        Configuration.from_environ({"DEEPAR_INFERENCE_CONFIG": text})
