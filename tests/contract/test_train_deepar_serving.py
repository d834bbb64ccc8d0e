"""The train_deepar image keeps SageMaker's hosting contract."""

import json
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.support.containers import Endpoint, run_job, run_python, serving, wait_until
from tests.support.train_deepar_data import (
    ENDS,
    PREDICTION_LENGTH,
    QUICK,
    SALES,
    START,
    write_training_root,
)

README = Path(__file__).parents[2] / "images" / "train_deepar" / "README.md"
JSON, JSON_LINES = "application/json", "application/jsonlines"
# What the model holds ends a horizon before the last known day.
HELD = ENDS["validation"]
FIRST = START + timedelta(days=HELD)
KEY = "12_503"

# What the image must agree with: its own forecaster, asked by Python.
SAMPLES = """
import json
from pathlib import Path
from train_deepar.forecaster import Forecaster
from train_deepar.series import parse_series
forecaster = Forecaster.load(Path("/opt/ml/model"))
lines = Path("/opt/ml/encoded.jsonl").read_text().splitlines()
series = [parse_series(json.loads(line), forecaster.panel, 7) for line in lines]
print(json.dumps(forecaster.sample(series, 7, 50, 4).tolist()))
"""


@pytest.fixture(scope="module")
def trained(train_deepar_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training job that is done."""
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", QUICK)
    outcome = run_job(train_deepar_image, ["train"], root)
    assert outcome.exit_code == 0, outcome.stderr
    return root


@pytest.fixture(scope="module")
def endpoint(train_deepar_image: str, trained: Path) -> Iterator[Endpoint]:
    """On a read-only root, as somebody without a home."""
    for folder in (trained / "model", *(trained / "model").parents):
        if str(folder).startswith(str(trained.parents[1])):
            folder.chmod(folder.stat().st_mode | 0o755)
    with serving(train_deepar_image, trained / "model", user="12345:12345", read_only=True) as running:
        yield running


def known(key: str, factor: float = 1.0, days: int = PREDICTION_LENGTH) -> dict[str, Any]:
    """An instance by its key, at the prices that came, or at `factor` times these."""
    prices = [round(price * factor, 4) for price in SALES[key].prices[HELD : HELD + days]]
    return {"item_id": key, "known": {"unit_price": prices}}


def invoke(endpoint: Endpoint, *instances: object, **configuration: object) -> list[dict[str, Any]]:
    """The predictions for these instances."""
    answer = endpoint.invoke(JSON, json.dumps({"instances": instances, "configuration": configuration}))
    assert answer.status == 200, answer.text
    predictions: list[dict[str, Any]] = answer.json["predictions"]
    return predictions


def test_ping_is_empty(endpoint: Endpoint) -> None:
    answer = endpoint.request("GET", "/ping")

    assert (answer.status, answer.body) == (200, b"")


def test_a_key_a_history_and_an_encoded_instance_get_the_models_own_samples(
    endpoint: Endpoint, train_deepar_image: str, trained: Path
) -> None:
    encoded = [sales.line(HELD, HELD + PREDICTION_LENGTH) for sales in SALES.values()]
    (trained / "encoded.jsonl").write_text("".join(json.dumps(line) + "\n" for line in encoded))
    expected = json.loads(run_python(train_deepar_image, SAMPLES, trained))
    histories = [
        known(key) | {"start": START.isoformat(), "target": list(sales.quantities[:HELD])}
        for key, sales in SALES.items()
    ]
    asked = {"output_types": ["samples"], "num_samples": 50, "seed": 4}

    answers = {
        "by key": invoke(endpoint, *map(known, SALES), **asked),
        "with history": invoke(endpoint, *histories, **asked),
        "encoded": invoke(endpoint, *encoded, **asked),
    }

    assert [len(samples) for samples in expected] == [50] * len(SALES)
    for name, predictions in answers.items():
        assert [each["item_id"] for each in predictions] == list(SALES), name
        assert {each["start"] for each in predictions} == {FIRST.isoformat()}, name
        for prediction, samples in zip(predictions, expected, strict=True):
            for path, same in zip(prediction["samples"], samples, strict=True):
                # Written as the shortest decimals of float32.
                assert path == pytest.approx(same, rel=1e-6), name


def test_another_price_is_another_forecast_and_nothing_else_is(endpoint: Endpoint) -> None:
    before, again, after = (
        invoke(endpoint, known(KEY, factor), num_samples=200)[0] for factor in (1, 1, 0.7)
    )

    assert before == again
    assert {name for name in before if before[name] != after[name]} == {"mean", "quantiles"}


def test_prices_may_come_by_date_and_for_a_shorter_horizon(endpoint: Endpoint) -> None:
    prices = SALES[KEY].prices
    by_date = {(START + timedelta(days=day)).isoformat(): prices[day] for day in (HELD + 2, HELD, HELD + 1)}

    (listed,) = invoke(endpoint, known(KEY, days=3), prediction_length=3)
    (dated,) = invoke(endpoint, {"item_id": KEY, "known": {"unit_price": by_date}}, prediction_length=3)

    assert listed == dated
    assert [len(listed["mean"]), *map(len, listed["quantiles"].values())] == [3, 3, 3, 3]


def test_an_unknown_series_is_forecast_from_its_history_and_refused_without(endpoint: Endpoint) -> None:
    sales = SALES[KEY]
    history = {
        "item_id": "12_999",
        "start": START.isoformat(),
        "target": list(sales.quantities[:HELD]),
        "static": {"store": "12", "item": "503", "category": "food", "amenity_count": sales.amenity_count},
        "known": {"unit_price": list(sales.prices[: HELD + PREDICTION_LENGTH])},
    }

    (prediction,) = invoke(endpoint, history)
    refused = endpoint.invoke(JSON, json.dumps({"instances": [known(KEY) | {"item_id": "12_999"}]}))

    assert (prediction["item_id"], prediction["start"]) == ("12_999", FIRST.isoformat())
    assert (refused.status, refused.json["instance"]) == (400, 1)
    assert 'the model holds no series "12_999", and no history is given' in refused.json["error"]


def day(place: int) -> str:
    return (START + timedelta(days=place)).isoformat()


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        (JSON, {"instances": [{"item_id": KEY}]}, f"known.unit_price is missing for {day(HELD)}"),
        (JSON, {"instances": [known(KEY, days=5)]}, "known.unit_price has 5 values, the horizon has 7 days"),
        (JSON, {"instances": [known(KEY)], "configuration": {"prediction_length": 8}}, "trained for 7 days"),
        (JSON, {"instances": [known(KEY), {"item_id": KEY, "start": day(0)}]}, "Instance 2: target"),
        (
            JSON,
            {"instances": [known(KEY) | {"start": "2025-01-06T06:00", "target": [1] * 60}]},
            "the model's frequency is D",
        ),
        (JSON, {"instances": [known(KEY) | {"start": day(0), "target": [1] * 27}]}, "give at least 28"),
        (JSON, {"instances": [known(KEY) | {"start": day(0), "target": [-1] * 60}]}, "is at least 0"),
        (JSON, {"instances": [known(KEY) | {"start": day(0), "target": [0.5] * 60}]}, "is a whole number"),
        (JSON, {"instances": [known(KEY) | {"start": day(0), "target": [0] * 60}]}, "no value but 0"),
        (JSON, {"instances": [known(KEY)] * 501}, "501 instances are more than 500"),
        (JSON, {"instances": [known(KEY)], "configuration": {"num_samples": 10**6}}, "from 1 to 1000"),
        (JSON, '{"instances": [{"item_id": NaN}]}', "NaN is not a JSON number"),
        (JSON, "{", "not valid JSON"),
        (JSON, "", "The body is empty"),
        (JSON_LINES, json.dumps(known(KEY)) + '\n{"item_id": ', "Instance 2: the line is not valid JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_gets_400_and_the_reason(
    endpoint: Endpoint, content_type: str, body: object, reason: str
) -> None:
    answer = endpoint.invoke(content_type, body if isinstance(body, str) else json.dumps(body))

    assert answer.status == 400
    assert reason in answer.json["error"]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content_type": "text/csv"}, b"1", 415),
        ({"content_type": JSON, "accept": "image/png"}, b"{}", 406),
        ({"content_type": JSON}, b" " * (6 * 1024 * 1024 + 1), 413),
    ],
)
def test_other_refusals_have_their_own_status(
    endpoint: Endpoint, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = endpoint.request("POST", "/invocations", body, **headers)

    assert answer.status == status
    assert answer.json["error"]


def test_lines_are_answered_a_line_each_as_a_batch_transform_sends_them(
    train_deepar_image: str, trained: Path
) -> None:
    environ = {
        "DEEPAR_INFERENCE_CONFIG": json.dumps({"output_types": ["median"], "num_samples": 20}),
        "SAGEMAKER_BIND_TO_PORT": "9001",
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "20",
        "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
    }
    lines = "".join(json.dumps(known(key)) + "\n" for key in SALES)
    with serving(train_deepar_image, trained / "model", environ, port=9001) as running:
        answer = running.invoke(JSON_LINES, lines)
        parameters = running.request("GET", "/execution-parameters").json
        metrics = running.request("GET", "/metrics").text
        # A request that has begun is answered after SIGTERM, and then the container is done.
        with closing(running.connect()) as connection:
            late = finished_after_sigterm(running, connection, lines.encode())
        exit_code = running.container.wait(timeout=60)["StatusCode"]

    found = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.content_type == JSON_LINES
    assert [list(each) for each in found] == [["item_id", "start", "median"]] * len(SALES)
    assert [each["item_id"] for each in found] == list(SALES)
    assert parameters == {
        "MaxConcurrentTransforms": 1,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": 20,
    }
    assert f"train_deepar_series_total {len(SALES)}\n" in metrics
    assert (late, exit_code) == (answer.body, 0)


def finished_after_sigterm(running: Endpoint, connection: Any, body: bytes) -> bytes:
    """The answer to a request whose body comes once the container has been told to stop."""
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", JSON_LINES)
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    # The server asks for the body, so the request is in flight from here on.
    assert connection.sock.recv(4096).startswith(b"HTTP/1.1 100 ")
    running.container.kill(signal="SIGTERM")
    wait_until(lambda: None if running.is_reachable() else True, "new callers to be turned away")
    connection.send(body)
    response = connection.getresponse()
    assert response.status == 200
    answered: bytes = response.read()
    return answered


def test_many_callers_at_once_get_their_own_answers(endpoint: Endpoint) -> None:
    expected = {key: invoke(endpoint, known(key)) for key in SALES}

    with ThreadPoolExecutor(max_workers=8) as callers:
        answers = list(callers.map(lambda key: (key, invoke(endpoint, known(key))), [*SALES] * 4))

    assert all(answer == expected[key] for key, answer in answers)


def test_the_readmes_examples_answer(endpoint: Endpoint) -> None:
    examples = re.findall(
        r"^`(application/[a-z]+)`[^\n]*:\n\n```\w*\n(.+?)```",
        README.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )

    answers = [(content_type, endpoint.invoke(content_type, body)) for content_type, body in examples]

    assert {content_type for content_type, _ in answers} == {JSON, JSON_LINES}
    assert [(answer.status, answer.text[:200]) for _, answer in answers if answer.status != 200] == []


def test_a_model_that_cannot_be_trusted_is_refused_at_start(
    train_deepar_image: str, trained: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(trained / "model", tmp_path / "model"))
    (model / "weights.pt").write_bytes(b"PK")

    outcome = run_job(train_deepar_image, ["serve"], tmp_path)

    assert outcome.exit_code == 1
    assert "weights.pt is not the file that was saved" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    # It never came to listening, so /ping was never answered.
    assert "server.starting" not in outcome.stdout


def test_the_image_says_what_it_can(train_deepar_image: str) -> None:
    with closing(docker.from_env()) as engine:
        labels = engine.images.get(train_deepar_image).labels

    assert labels["com.amazonaws.sagemaker.capabilities.accept-bind-to-port"] == "true"
    assert labels["slipway"] == "1"
