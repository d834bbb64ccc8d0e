"""Requests answered with a real model, without a socket."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.demand import DAYS, HORIZON, panel_series
from train_deepar.configuration import Configuration
from train_deepar.forecaster import Forecaster
from train_deepar.media import JSON, JSON_LINES
from train_deepar.serving.answers import Answers, Reply, Request
from train_deepar.serving.meters import Meters
from train_deepar.serving.settings import ServingSettings

LATER = {str(each.item_id): each for each in panel_series(DAYS + HORIZON)}
KEY = "13_410"
SETTINGS = ServingSettings.from_environ({"SAGEMAKER_MODEL_SERVER_WORKERS": "3"})


@pytest.fixture(scope="module")
def answers(deepar: Forecaster) -> Answers:
    return Answers(deepar, SETTINGS, Meters(3))


def instance(key: str, factor: float = 1.0) -> dict[str, Any]:
    prices = (LATER[key].dynamic_feat[0, DAYS:] * factor).tolist()
    return {"item_id": key, "known": {"unit_price": prices}}


def posted(answers: Answers, instances: list[object], **configuration: object) -> Reply:
    body = json.dumps({"instances": instances, "configuration": configuration}).encode()
    return answers.answer(Request("POST", "/invocations", JSON, None, body))


def predicted(answers: Answers, instances: list[object], **configuration: object) -> list[dict[str, Any]]:
    reply = posted(answers, instances, **configuration)
    assert (reply.status, reply.series) == (200, len(instances)), reply.body
    found: list[dict[str, Any]] = json.loads(reply.body)["predictions"]
    return found


def test_each_instance_gets_its_own_forecast_in_order(answers: Answers, deepar: Forecaster) -> None:
    found = predicted(answers, [instance(KEY), instance("12_409")], num_samples=30, seed=4)

    series = [replace(deepar.history[key], dynamic_feat=LATER[key].dynamic_feat) for key in (KEY, "12_409")]
    samples = deepar.sample(series, HORIZON, 30, 4)
    assert [each["item_id"] for each in found] == [KEY, "12_409"]
    for row, each in enumerate(found):
        assert each["start"] == "2025-05-06"
        np.testing.assert_array_equal(np.float32(each["mean"]), samples[row].mean(axis=0).astype(np.float32))
        assert [len(each["quantiles"][level]) for level in ("0.1", "0.5", "0.9")] == [HORIZON] * 3


def test_the_same_seed_gives_the_same_bits_and_another_one_others(answers: Answers) -> None:
    first, again, other = (posted(answers, [instance(KEY)], seed=seed).body for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_another_price_changes_the_forecast_and_the_same_one_does_not(answers: Answers) -> None:
    dear, same, cheap = (
        predicted(answers, [instance(KEY, factor)], num_samples=200)[0]["mean"] for factor in (1.0, 1.0, 0.5)
    )

    assert dear == same
    assert all(a != b for a, b in zip(dear, cheap, strict=True))


def test_a_price_of_one_day_changes_no_day_before_it(answers: Answers) -> None:
    changed = instance(KEY)
    changed["known"]["unit_price"][4] *= 0.5

    before, after = (predicted(answers, [each])[0]["mean"] for each in (instance(KEY), changed))

    assert before[:4] == after[:4]
    assert before[4] != after[4]


def test_samples_do_not_depend_on_what_stands_beside_them(answers: Answers) -> None:
    alone = predicted(answers, [instance(KEY)], output_types=["samples"])[0]["samples"]
    together = predicted(answers, [instance(key) for key in LATER], output_types=["samples"])

    # "By rounding at most", which the forecaster promises: sums of floats in another order.
    np.testing.assert_allclose(together[list(LATER).index(KEY)]["samples"], alone, rtol=1e-3)


def test_a_shorter_horizon_is_the_beginning_of_the_longer_one(answers: Answers) -> None:
    short = instance(KEY)
    short["known"]["unit_price"] = short["known"]["unit_price"][:3]

    long, begun = predicted(answers, [instance(KEY)])[0], predicted(answers, [short], prediction_length=3)[0]

    np.testing.assert_allclose(begun["mean"], long["mean"][:3], rtol=1e-5)


def test_json_lines_are_told_the_defaults_a_line_each(deepar: Forecaster) -> None:
    settings = replace(SETTINGS, configuration=Configuration(output_types=("median",), num_samples=20))
    answers = Answers(deepar, settings, Meters(1))
    body = "".join(json.dumps(instance(key)) + "\n" for key in LATER).encode()

    reply = answers.answer(Request("POST", "/invocations", JSON_LINES, None, body))

    lines = [json.loads(line) for line in reply.body.decode().splitlines()]
    assert (reply.status, reply.content_type, reply.series) == (200, JSON_LINES, len(LATER))
    assert [list(line) for line in lines] == [["item_id", "start", "median"]] * len(LATER)


def test_the_answers_format_is_accepts_or_the_variables(deepar: Forecaster, answers: Answers) -> None:
    body = json.dumps({"instances": [instance(KEY)]}).encode()
    by_variable = Answers(deepar, replace(SETTINGS, media_type=JSON_LINES), Meters(1))

    found = [
        who.answer(Request("POST", "/invocations", JSON, accept, body)).content_type
        for who, accept in ((answers, None), (answers, JSON_LINES), (by_variable, None), (by_variable, JSON))
    ]

    assert found == [JSON, JSON_LINES, JSON_LINES, JSON]


def test_the_largest_numbers_that_are_read_get_an_answer(answers: Answers) -> None:
    largest = instance(KEY) | {"start": "2025-01-06", "target": [10**12] * DAYS, "static_real": [-1e12]}
    largest["known"] = {"unit_price": [10**12] * (DAYS + HORIZON)}

    (found,) = predicted(answers, [largest])

    assert np.isfinite(found["mean"]).all()


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"method": "GET"}, 405, "Use POST for /invocations."),
        ({"path": "/predict"}, 404, "There is /ping, /invocations, /execution-parameters, /metrics."),
        ({"content_type": "text/csv"}, 415, "'text/csv' is not read here"),
        ({"content_type": None}, 415, "no Content-Type"),
        ({"accept": "image/png"}, 406, "'image/png' is not written here"),
        ({"body": b"{"}, 400, "not valid JSON"),
        ({"body": b'{"instances": [{"item_id": "99_1"}]}'}, 400, "Instance 1: the model holds no series"),
        ({"body": b'{"instances": [{"item_id": "\\ud800"}]}'}, 400, "Instance 1: the model holds no series"),
        ({"body": b'{"instances": [1], "configuration": {"prediction_length": 8}}'}, 400, "for 7 days"),
        ({"body": b'{"instances": [' + b"0," * 500 + b"0]}"}, 400, "501 instances are more than 500"),
    ],
)  # fmt: skip
def test_refusals_have_their_status_and_a_reason(
    answers: Answers, changes: Mapping[str, Any], status: int, reason: str
) -> None:
    request = replace(Request("POST", "/invocations", JSON, None, b"{}"), **changes)

    reply = answers.answer(request)

    assert (reply.status, reply.content_type, reply.series) == (status, JSON, 0)
    assert reason in json.loads(reply.body)["error"]


def test_a_fault_of_our_own_is_a_500_that_tells_nothing_and_a_log_line_that_tells_all(
    deepar: Forecaster, caplog: pytest.LogCaptureFixture
) -> None:
    # A model whose history was damaged after it had been checked.
    broken = replace(deepar, history={KEY: replace(deepar.history[KEY], cat=(99, 99))})

    with caplog.at_level(logging.ERROR):
        reply = posted(Answers(broken, SETTINGS, Meters(1)), [instance(KEY)])

    assert (reply.status, json.loads(reply.body)) == (500, {"error": "The server failed; its log says why."})
    assert "request.failed path='/invocations'" in caplog.text


def test_the_other_paths_say_what_sagemaker_and_prometheus_ask(answers: Answers) -> None:
    ping, parameters, metrics = (
        answers.answer(Request("GET", path)) for path in ("/ping", "/execution-parameters", "/metrics")
    )

    assert (ping.status, ping.body) == (200, b"")
    assert json.loads(parameters.body) == {
        "MaxConcurrentTransforms": 3,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": 6,
    }
    assert b'train_deepar_model_info{estimator="deepar",series="6",prediction_length="7"} 1\n' in metrics.body


def test_the_reference_answers_as_any_model_does(naive: Forecaster) -> None:
    answers = Answers(naive, SETTINGS, Meters(1))
    answers.warm_up()

    (found,) = predicted(answers, [instance(KEY)], output_types=["median"], num_samples=999)

    # Each weekday as it was last time, but for a day that was missing.
    week = naive.history[KEY].target[-7:]
    known = ~np.isnan(week)
    np.testing.assert_allclose(np.array(found["median"])[known], week[known], atol=0.1)
