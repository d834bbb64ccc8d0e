import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from train_xgb.artefact import Model
from train_xgb.boosting import Part
from train_xgb.responses import ResponseSettings
from train_xgb.serving.answers import LONG_BYTES, Answers, Request
from train_xgb.serving.meters import Meters

RAW = {"age": 51, "rate": 0.25, "job": "student", "city": None}
ENCODED = "0.5,0.25,1,0,0,0,1\n"
JSON, CSV = "application/json", "text/csv"


@pytest.fixture
def answers(model: Model) -> Answers:
    return Answers(model, ResponseSettings(), 6 * 1024 * 1024, Meters(3))


def invocation(body: str, content_type: str | None = CSV, accept: str | None = None) -> Request:
    return Request("POST", "/invocations", content_type, accept, body.encode())


def lines_of(rows: np.ndarray) -> list[str]:
    return [",".join(str(value) for value in row) + "\n" for row in rows]


def test_ping_has_an_empty_body(answers: Answers) -> None:
    reply = answers.answer(Request("GET", "/ping"))

    assert (reply.status, reply.body) == (200, b"")


def test_the_answer_takes_the_format_of_the_request(answers: Answers) -> None:
    reply = answers.answer(invocation(json.dumps(RAW), JSON))

    assert reply.content_type == JSON
    assert set(json.loads(reply.body)["predictions"][0]) == {"predicted_label", "probability"}


def test_encoded_rows_are_answered_in_order_and_as_each_alone(
    answers: Answers, model: Model, parts: list[Part]
) -> None:
    rows = parts[1].inputs[:200]
    lines = lines_of(rows)

    reply = answers.answer(invocation("".join(lines), accept="*/*"))
    alone = b"".join(answers.answer(invocation(line)).body for line in lines)

    assert reply.content_type == "text/csv; charset=utf-8"
    written = [line.split(",")[1] for line in reply.body.decode().splitlines()]
    assert np.array(written, dtype=np.float32).tobytes() == model.probabilities(rows).tobytes()
    assert alone == reply.body
    assert reply.rows == len(lines)


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "encoder={own}",
        "trace=7;encoder={own},c=d",
        " encoder = {OWN} ",
        # Names that are not the attribute's.
        "Encoder={other}; my-encoder={other}, encoder2={other}, note encoder={other}",
        "note={other}encoder",
    ],
)
def test_rows_of_the_models_own_encoder_are_answered(answers: Answers, model: Model, attributes: str) -> None:
    text = attributes.format(own=model.encoder_digest, OWN=model.encoder_digest.upper(), other="0" * 64)

    reply = answers.answer(replace(invocation(ENCODED), custom_attributes=text))

    assert (reply.status, reply.body) == (200, answers.answer(invocation(ENCODED)).body)


@pytest.mark.parametrize(
    "attributes",
    [
        "encoder={other}",
        "trace=7;encoder={other}",
        "trace=7 , encoder = {other} ; c=d",
        "encoder={own},encoder={other}",
    ],
)
@pytest.mark.parametrize("rows", [1, 400])
def test_rows_of_another_encoder_are_not_answered(
    answers: Answers, model: Model, attributes: str, rows: int
) -> None:
    other = "ab" * 32
    text = attributes.format(own=model.encoder_digest, other=other)

    reply = answers.answer(replace(invocation(ENCODED * rows), custom_attributes=text))

    assert (reply.status, reply.rows) == (412, 0)
    assert json.loads(reply.body) == {
        "error": "The rows were encoded by encoder abababababab…, "
        f"this model's is {model.encoder_digest[:12]}…; "
        "send raw rows or encode them with this model's encoder."
    }


def test_the_digest_of_the_encoder_is_that_of_its_file(model: Model, encoder_bytes: bytes) -> None:
    assert model.encoder_digest == hashlib.sha256(encoder_bytes).hexdigest()


def test_contributions_add_up_to_the_log_odds(answers: Answers, model: Model, parts: list[Part]) -> None:
    rows = parts[1].inputs[:50]

    reply = answers.answer(invocation("".join(lines_of(rows)), accept="application/json; contributions=true"))

    predictions = json.loads(reply.body)["predictions"]
    columns = model.booster.contributions(rows)
    for at, prediction in enumerate(predictions):
        probability = prediction["probability"]
        added = prediction["contributions"]
        total = sum(added.values()) + prediction["base_value"]
        assert total == pytest.approx(np.log(probability / (1 - probability)), abs=1e-4)
        # job's and city's columns, by their places in the encoded row.
        assert added["age"] == pytest.approx(columns[at, 0], abs=1e-6)
        assert added["job"] == pytest.approx(columns[at, 2:5].sum(), abs=1e-6)
        assert added["city"] == pytest.approx(columns[at, 5:7].sum(), abs=1e-6)
    assert set(predictions[0]["contributions"]) == {"age", "rate", "job", "city"}


def test_an_answer_says_what_its_contributions_are_of(answers: Answers) -> None:
    explained = answers.answer(invocation(json.dumps([RAW]), JSON, accept="text/csv; contributions=true"))

    # printf 'age\nrate\njob\ncity' | sha256sum
    digest = "d4a7774253a4755cea0be7fc232672f1fefc67636db3930cb755ff1dc41c96cf"
    assert explained.headers == (("X-Amzn-SageMaker-Custom-Attributes", f"contributions={digest}"),)
    assert answers.answer(invocation(json.dumps([RAW]), JSON)).headers == ()


@pytest.mark.parametrize(
    ("request_of", "status", "reason"),
    [
        (
            lambda: invocation(json.dumps([RAW, RAW | {"job": "pilot"}]), JSON),
            400,
            "Row 2: job 'pilot'",
        ),
        (lambda: invocation("1", "text/plain"), 415, "use text/csv, application/json"),
        (lambda: invocation("1", CSV, "image/png"), 406, "Accept 'image/png'"),
        (lambda: Request("GET", "/"), 404, "There is /ping"),
        (lambda: Request("GET", "/invocations"), 405, "Use POST for /invocations"),
    ],
)
def test_a_refusal_says_why(
    answers: Answers, request_of: Callable[[], Request], status: int, reason: str
) -> None:
    reply = answers.answer(request_of())

    assert reply.status == status
    assert reason in json.loads(reply.body)["error"]


def test_execution_parameters_are_sagemakers(answers: Answers) -> None:
    reply = answers.answer(Request("GET", "/execution-parameters"))

    assert json.loads(reply.body) == {
        "MaxConcurrentTransforms": 3, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6,
    }  # fmt: skip


def test_what_takes_long_is_told_from_what_does_not(answers: Answers, model: Model) -> None:
    short, middle, long = "1\n", "1\n" * 5000, "1\n" * LONG_BYTES
    explaining = Answers(model, ResponseSettings(("contributions",)), 6, Meters(1))

    assert not answers.is_long(invocation(short))
    assert not answers.is_long(invocation(middle))
    assert answers.is_long(invocation(long))
    assert answers.is_long(invocation(middle, accept="text/csv;contributions=true"))
    assert explaining.is_long(invocation(middle))
    assert not explaining.is_long(invocation(short))


def test_a_fault_of_our_own_is_a_500_and_is_logged(model: Model, caplog: pytest.LogCaptureFixture) -> None:
    broken = replace(model, decision_threshold="high")  # type: ignore[arg-type]
    answers = Answers(broken, ResponseSettings(), 6, Meters(1))

    with caplog.at_level(logging.ERROR):
        reply = answers.answer(invocation(json.dumps(RAW), JSON))

    assert reply.status == 500
    assert "request.failed" in caplog.text
    assert "high" not in reply.body.decode()


def test_warming_up_answers_and_a_model_that_cannot_is_found(model: Model) -> None:
    Answers(model, ResponseSettings(), 6, Meters(1)).warm_up()

    broken = replace(model, decision_threshold="high")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="does not answer"):
        Answers(broken, ResponseSettings(), 6, Meters(1)).warm_up()
