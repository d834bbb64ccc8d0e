"""The server's side of ASGI, spoken to as uvicorn speaks."""

import asyncio
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from train_deepar.forecaster import Forecaster
from train_deepar.serving.answers import Answers
from train_deepar.serving.application import Application, Message
from train_deepar.serving.meters import Meters
from train_deepar.serving.settings import Limits, ServingSettings

LIMITS = Limits(body_bytes=100, request_seconds=0.05, linger_seconds=0.05)
JSON_TYPE = (b"content-type", b"application/json")


def ask(
    forecaster: Forecaster,
    messages: Iterable[Message],
    headers: tuple[tuple[bytes, bytes], ...] = (JSON_TYPE,),
    method: str = "POST",
    path: str = "/invocations",
) -> tuple[list[Message], str]:
    """What the application sends for a request that comes in these parts, and its metrics then."""
    meters = Meters(1)
    answers = Answers(forecaster, ServingSettings.from_environ({}), meters)
    coming, sent = list(messages), []

    async def receive() -> Message:
        if not coming:
            # Whoever sends no more, and stays.
            await asyncio.Event().wait()
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    with ThreadPoolExecutor(1) as thread:
        asyncio.run(Application(answers, meters.of(0), LIMITS, thread)(scope, receive, send))
    return sent, meters.text({})


def part(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def status_and_error(sent: list[Message]) -> tuple[int, str]:
    start, body = sent
    return start["status"], json.loads(body["body"])["error"]


def test_a_body_is_read_whole_and_answered_and_counted(naive: Forecaster) -> None:
    sent, metrics = ask(naive, [part(b'{"inst', more=True), part(b"", more=True), part(b'ances": []}')])

    status, error = status_and_error(sent)
    assert (status, error) == (400, "instances is not a list of at least one instance.")
    headers = dict(sent[0]["headers"])
    assert headers[b"content-type"] == b"application/json"
    assert int(headers[b"content-length"]) == len(sent[1]["body"])
    assert 'train_deepar_invocations_total{status="400"} 1\n' in metrics


@pytest.mark.parametrize(
    ("messages", "announced"),
    [
        ([part(b"x" * 101)], ()),
        ([part(b"x" * 60, more=True), part(b"x" * 60, more=True), part(b"x")], ()),
        # The sender would go on for ever.
        ([part(b"x" * 60, more=True), part(b"x" * 60, more=True)], ()),
        ([part(b"x", more=True)], ((b"content-length", b"101"),)),
    ],
)
def test_a_body_that_is_too_long_is_refused(
    naive: Forecaster, messages: list[Message], announced: tuple[tuple[bytes, bytes], ...]
) -> None:
    sent, metrics = ask(naive, messages, (JSON_TYPE, *announced))

    status, error = status_and_error(sent)
    assert status == 413
    assert "SAGEMAKER_MAX_PAYLOAD_IN_MB" in error
    assert (b"Connection", b"close") in sent[0]["headers"]
    assert 'train_deepar_invocations_total{status="413"} 1\n' in metrics


def test_a_body_that_does_not_come_is_not_waited_for(naive: Forecaster) -> None:
    sent, _ = ask(naive, [part(b"{", more=True)])

    assert status_and_error(sent) == (408, "The request was not whole after 0.05 s.")


def test_a_caller_who_has_gone_gets_nothing(naive: Forecaster) -> None:
    sent, metrics = ask(naive, [part(b"{", more=True), {"type": "http.disconnect"}])

    assert sent == []
    assert "train_deepar_invocation_seconds_count 0\n" in metrics


def test_a_ping_needs_no_body_and_counts_for_nothing(naive: Forecaster) -> None:
    sent, metrics = ask(naive, [], (), "GET", "/ping")

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"")
    assert "train_deepar_invocation_seconds_count 0\n" in metrics


def test_a_head_has_the_length_of_what_a_get_would_have(naive: Forecaster) -> None:
    sent, _ = ask(naive, [], (), "HEAD", "/execution-parameters")

    assert sent[1]["body"] == b""
    assert int(dict(sent[0]["headers"])[b"content-length"]) > 0
