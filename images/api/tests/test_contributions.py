from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import RECORD
from tests.upstream import Reply, Request, Upstream, json_reply

Api = Callable[..., TestClient]
PATH = "/v1/people/predictions"
INVOKE = "/endpoints/people-endpoint/invocations"
# printf 'age\nrate\njob\ncity' | sha256sum: the schema's numbers, then its categories.
OWN = "d4a7774253a4755cea0be7fc232672f1fefc67636db3930cb755ff1dc41c96cf"
# printf 'pca_0\npca_1\npca_2\npca_3' | sha256sum
COMPONENTS = "2d949fde717b99c7222a6205f4ff3debf7c965814ffbb931b8225966c455b8a8"


def explained(line: str, attributes: str | None = f"contributions={OWN}") -> Callable[[Request], Reply]:
    """A model that answers one row so, and says that these are its contributions' names."""
    headers = {"X-Amzn-SageMaker-Custom-Attributes": attributes} if attributes is not None else {}
    return lambda _: (200, f"{line}\n".encode(), headers)


def ask(client: TestClient, **body: Any) -> Any:
    return client.post(PATH, json={"records": [RECORD], **body})


def test_each_prediction_carries_its_contributions_by_feature(client: TestClient, upstream: Upstream) -> None:
    upstream.invoke = explained("yes,0.75,0.5,-0.25,1.5,0.125,-0.7763877", f"trace=7, contributions={OWN}")

    answer = ask(client, contributions=True)

    assert answer.json()["predictions"] == [
        {
            "label": "yes",
            "probability": 0.75,
            "contributions": {"age": 0.5, "rate": -0.25, "job": 1.5, "city": 0.125},
            "base_value": -0.7763877,
        }
    ]
    # CSV too, so that what is captured keeps one format.
    assert upstream.to(INVOKE)[0].headers["accept"] == "text/csv; contributions=true"


@pytest.mark.parametrize("body", [{}, {"contributions": False}])
def test_nobody_is_asked_for_contributions_that_nobody_wants(
    client: TestClient, upstream: Upstream, body: dict[str, bool]
) -> None:
    answer = ask(client, **body)

    assert answer.json()["predictions"] == [{"label": "yes", "probability": 0.75}]
    assert upstream.to(INVOKE)[0].headers["accept"] == "text/csv"


@pytest.mark.parametrize("wanted", [None, 1, "true", []])
def test_contributions_are_wanted_or_not(client: TestClient, upstream: Upstream, wanted: object) -> None:
    answer = ask(client, contributions=wanted)

    assert (answer.status_code, "true or false" in answer.json()["detail"]) == (400, True)
    assert upstream.to(INVOKE) == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (explained("yes,0.75", None), "does not say"),
        (explained("yes,0.75,1,1,1,1,1", ""), "does not say"),
        (explained("yes,0.75,1,1,1,1,1", f"contributions={COMPONENTS}"), "other parts"),
        (
            lambda _: json_reply(
                {"OriginalStatusCode": 406, "OriginalMessage": '{"error": "Accept text/plain."}'}, 424
            ),
            "Accept text/plain.",
        ),
    ],
)
def test_a_model_that_knows_no_contributions_of_these_features_is_told_by_name(
    client: TestClient, upstream: Upstream, reply: Callable[[Request], Reply], reason: str
) -> None:
    upstream.invoke = reply

    answers = [ask(client, contributions=True) for _ in range(6)]

    # Six: the circuit opens after five failures, and this is none.
    assert [answer.status_code for answer in answers] == [422] * 6
    detail = answers[-1].json()["detail"]
    assert "'people-endpoint' gives no contributions" in detail
    assert reason in detail
    assert "ask without contributions" in detail


@pytest.mark.parametrize("cells", ["1,1,1,1", "1,1,1,1,1,1", "1,1,nan,1,1", "1,1,1,1,inf", "1,1,x,1,1"])
def test_half_an_explanation_is_no_answer(client: TestClient, upstream: Upstream, cells: str) -> None:
    upstream.invoke = explained(f"yes,0.75,{cells}")

    assert ask(client, contributions=True).status_code == 502


def test_the_document_knows_contributions(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"][PATH]["post"]

    body = operation["requestBody"]["content"]["application/json"]["schema"]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert body["properties"]["contributions"]["type"] == "boolean"
    assert body["required"] == ["records"]
    assert {"contributions", "base_value"} <= set(answer["properties"]["predictions"]["items"]["properties"])
