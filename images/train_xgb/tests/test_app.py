import json

import numpy as np
import pytest
from starlette.testclient import TestClient
from train_xgb.app import create_app
from train_xgb.artefact import Model
from train_xgb.boosting import Part
from train_xgb.responses import ResponseSettings

RAW = {"age": 51, "rate": 0.25, "job": "student", "city": None}


@pytest.fixture
def client(model: Model) -> TestClient:
    return TestClient(create_app(model, ResponseSettings(), payload_limit=4096))


def test_ping_has_an_empty_body(client: TestClient) -> None:
    answer = client.get("/ping")

    assert (answer.status_code, answer.content) == (200, b"")


def test_the_answer_takes_the_format_of_the_request(client: TestClient) -> None:
    answer = client.post(
        "/invocations", content=json.dumps(RAW), headers={"content-type": "application/json"}
    )

    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()["predictions"][0]) == {"predicted_label", "probability"}


def test_encoded_rows_are_answered_in_order(client: TestClient, model: Model, parts: list[Part]) -> None:
    rows = parts[1].inputs[:20]
    text = "".join(",".join(str(value) for value in row) + "\n" for row in rows)

    answer = client.post("/invocations", content=text, headers={"content-type": "text/csv", "accept": "*/*"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    written = [line.split(",")[1] for line in answer.text.splitlines()]
    assert np.array(written, dtype=np.float32).tobytes() == model.probabilities(rows).tobytes()


@pytest.mark.parametrize(
    ("headers", "content", "status", "reason"),
    [
        (
            {"content-type": "application/json"},
            json.dumps([RAW, RAW | {"job": "pilot"}]),
            400,
            "Row 2: job 'pilot'",
        ),
        ({"content-type": "text/plain"}, "1", 415, "use text/csv, application/json"),
        ({"content-type": "text/csv", "accept": "image/png"}, "1", 406, "Accept 'image/png'"),
        ({"content-type": "text/csv"}, "1," * 4096, 413, "larger than 4096 bytes"),
    ],
)
def test_a_refusal_says_why(
    client: TestClient, headers: dict[str, str], content: str, status: int, reason: str
) -> None:
    answer = client.post("/invocations", content=content, headers=headers)

    assert answer.status_code == status
    assert reason in answer.json()["error"]


def test_execution_parameters_are_sagemakers(client: TestClient) -> None:
    assert set(client.get("/execution-parameters").json()) == {
        "MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB",
    }  # fmt: skip
