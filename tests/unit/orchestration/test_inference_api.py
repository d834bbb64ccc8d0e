"""What a drill says to the inference API, and what it makes of the answers."""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from orchestration.errors import ApiError
from orchestration.inference_api import InferenceApi

URL = "http://localhost:8000"


@dataclass
class Connection:
    """An HTTP connection that answers what it was told to."""

    status: int = 200
    body: bytes = b"{}"
    requests: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    error: Exception | None = None

    def request(self, method: str, path: str, body: str, headers: dict[str, str]) -> None:
        if self.error:
            raise self.error
        self.requests.append((method, path, json.loads(body), headers))

    def getresponse(self) -> "Connection":
        return self

    def read(self) -> bytes:
        return self.body

    def close(self) -> None:
        self.error = ConnectionError("closed")


def api(connection: Connection) -> InferenceApi:
    return InferenceApi(URL, "slw_key", connection)  # type: ignore[arg-type]


def test_a_record_is_asked_with_its_inference_id_and_the_key() -> None:
    connection = Connection(body=b'{"predictions": [{"label": "yes"}]}')

    answer = api(connection).predict("bank", {"age": 40}, "drift-1")

    assert answer == {"predictions": [{"label": "yes"}]}
    ((method, path, body, headers),) = connection.requests
    assert (method, path, body) == ("POST", "/v1/bank/predictions", {"records": [{"age": 40}]})
    assert (headers["X-Inference-Id"], headers["X-Api-Key"]) == ("drift-1", "slw_key")


def test_labels_go_twenty_at_a_time() -> None:
    connection = Connection()

    api(connection).tell("bank", {f"id-{n}": "yes" for n in range(50)})

    assert [len(body["labels"]) for _, _, body, _ in connection.requests] == [20, 20, 10]
    assert connection.requests[0][2]["labels"][0] == {"inference_id": "id-0", "label": "yes"}


def test_a_refusal_is_told_in_the_api_s_own_words() -> None:
    document = {"detail": "1 record is not allowed", "errors": [{"reason": "is 17, below the minimum 18"}]}
    connection = Connection(status=422, body=json.dumps(document).encode())

    with pytest.raises(ApiError) as refused:
        api(connection).predict("bank", {}, "1")

    assert str(refused.value) == (
        f"{URL}/v1/bank/predictions answers 422: 1 record is not allowed (is 17, below the minimum 18)"
    )


@pytest.mark.parametrize(
    "connection",
    [
        Connection(error=ConnectionRefusedError(111, "Connection refused")),
        Connection(error=http.client.RemoteDisconnected("without response")),
        Connection(body=b"<html>"),
    ],
    ids=["refused", "cut", "somebody else"],
)
def test_where_no_api_answers_the_way_out_is_told(connection: Connection) -> None:
    with pytest.raises(ApiError, match=f"no inference API answers at {URL} .*; `make api` starts it"):
        api(connection).predict("bank", {}, "1")
