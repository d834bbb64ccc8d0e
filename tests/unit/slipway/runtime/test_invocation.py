"""InvokeEndpoint against real servers on the loopback interface: what they get, what the caller gets."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from slipway.errors import ModelError, RuntimeValidationError, ServiceError, ServiceUnavailable
from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind, Owner
from slipway.runtime.capture_journal import CaptureJournal
from slipway.runtime.connections import Connections
from slipway.runtime.fleet import Fleet, Instance, Served, ServedVariant, Target
from slipway.runtime.invocation import Invocation

from tests.support.loopback_model import Headers, LoopbackModel, Said, loopback_model

OWNER = Owner("123456789012", "eu-west-1")
KEY = Key(OWNER, Kind.ENDPOINT, "churn")
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/capture",
    "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
}
Answer = Callable[[str, Headers, bytes], Said]


class FixedClock:
    def now(self) -> float:
        return 0.0


class Endpoint:
    """An endpoint of servers in this process."""

    def __init__(self, folder: Path, models: list[LoopbackModel], names: list[str], is_direct: bool) -> None:
        self.models = models
        self.stored: list[bytes] = []
        folder.mkdir(exist_ok=True)
        self.journal = CaptureJournal(
            folder, lambda _owner, _bucket, _key, content: self.stored.append(content)
        )
        self.fleet = Fleet()
        self.instance = Instance(
            tuple(
                Target(name, Connections(model.address, model.port))
                for name, model in zip(names, models, strict=True)
            )
        )
        self.serve([self.instance], is_direct)
        self.invocation = Invocation(
            self.fleet, self.journal, FixedClock(), is_serving=lambda key: key == KEY, answer_seconds=0.5
        )

    def serve(self, instances: list[Instance], is_direct: bool = False) -> None:
        served = ServedVariant("AllTraffic", 1.0, tuple(instances), is_direct=is_direct)
        self.fleet.serve(KEY, Served((served,), CAPTURE))

    def invoke(self, body: bytes = b"1,2", **parameters: str) -> Document:
        return self.invocation.invoke(OWNER, {"EndpointName": "churn", "Body": body, **parameters})

    @property
    def captured(self) -> list[dict[str, Any]]:
        self.journal.flush()
        return [json.loads(line) for content in self.stored for line in content.splitlines()]


@pytest.fixture
def endpoint_of(tmp_path: Path) -> Iterator[Callable[..., Endpoint]]:
    with ExitStack() as stack:

        def build(*answers: Answer, names: list[str] | None = None, is_direct: bool = False) -> Endpoint:
            models = [stack.enter_context(loopback_model(answer)) for answer in answers]
            endpoint = Endpoint(tmp_path / "capture", models, names or ["primary"] * len(answers), is_direct)
            stack.callback(endpoint.instance.close)
            return endpoint

        yield build


def echo(_path: str, headers: Headers, body: bytes) -> Said:
    return Said(body=body, headers={"Content-Type": headers.get("content-type", "text/plain")})


@contextmanager
def refused(code: type[ServiceError]) -> Iterator[pytest.ExceptionInfo[Any]]:
    with pytest.raises(code) as caught:
        yield caught


def test_the_container_gets_the_callers_headers_and_no_others(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(echo)

    endpoint.invoke(
        ContentType="text/csv", Accept="application/json", CustomAttributes="k=v", InferenceId="i"
    )

    ((path, headers, body),) = endpoint.models[0].requests
    assert (path, body) == ("/invocations", b"1,2")
    assert headers == {
        "host": f"127.0.0.1:{endpoint.models[0].port}",
        "content-length": "3",
        "content-type": "text/csv",
        "accept": "application/json",
        "x-amzn-sagemaker-custom-attributes": "k=v",
        "x-amzn-sagemaker-inference-id": "i",
    }


def test_the_caller_gets_what_the_container_said(endpoint_of: Callable[..., Endpoint]) -> None:
    said = Said(
        200,
        b"0.9",
        {"Content-Type": "text/csv", "X-Amzn-SageMaker-Custom-Attributes": "model=7", "X-Own": "1"},
    )

    answer = endpoint_of(lambda *_request: said).invoke()

    assert answer == {
        "Body": b"0.9",
        "ContentType": "text/csv",
        "CustomAttributes": "model=7",
        "InvokedProductionVariant": "AllTraffic",
    }


@pytest.mark.parametrize(
    ("status", "whose"), [(400, "client"), (429, "client"), (500, "server"), (503, "server")]
)
def test_a_containers_refusal_is_a_model_error(
    endpoint_of: Callable[..., Endpoint], status: int, whose: str
) -> None:
    endpoint = endpoint_of(lambda *_request: Said(status, b"row 2: no age"))

    with refused(ModelError) as caught:
        endpoint.invoke()

    # As recorded in public issue reports of the service's answers.
    assert str(caught.value) == (
        f'Received {whose} error ({status}) from primary with message "row 2: no age". '
        "See https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#logEventViewer:group=/aws/sagemaker/Endpoints/churn in account 123456789012 for more information."
    )
    assert caught.value.members["OriginalStatusCode"] == status
    assert caught.value.members["OriginalMessage"] == "row 2: no age"
    assert caught.value.members["LogStreamArn"] == (
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/sagemaker/Endpoints/churn"
    )
    assert not endpoint.captured


def test_an_answer_that_does_not_come_is_a_model_error_of_code_zero(
    endpoint_of: Callable[..., Endpoint],
) -> None:
    goes_on = threading.Event()

    def never(*_request: object) -> Said:
        goes_on.wait(30)
        return Said()

    endpoint = endpoint_of(never)
    try:
        with refused(ModelError) as caught:
            endpoint.invoke()
    finally:
        goes_on.set()

    assert caught.value.members["OriginalStatusCode"] == 0
    assert str(caught.value).startswith(
        "Received server error (0) from primary with message "
        '"Your invocation timed out while waiting for a response from container primary.'
    )


def test_a_refusal_that_is_no_text_is_not_quoted(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(lambda *_request: Said(500, b"\xff\x00"))

    with refused(ModelError) as caught:
        endpoint.invoke()

    assert "and could not load the entire response body." in str(caught.value)


def test_a_container_that_hangs_up_is_a_model_error(endpoint_of: Callable[..., Endpoint]) -> None:
    with refused(ModelError) as caught:
        endpoint_of(lambda *_request: Said(hangs_up=True)).invoke()

    assert caught.value.members["OriginalStatusCode"] == 0


def test_an_instance_that_takes_no_connection_is_passed_over(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(echo)
    gone = Instance((Target("primary", Connections("127.0.0.1", 1)),))
    endpoint.serve([gone, endpoint.instance, gone])

    assert [endpoint.invoke()["Body"] for _ in range(6)] == [b"1,2"] * 6


def test_with_no_instance_left_another_try_helps(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(echo)
    endpoint.serve([Instance((Target("primary", Connections("127.0.0.1", 1)),))])

    with refused(ServiceUnavailable):
        endpoint.invoke()


def test_several_containers_answer_in_turn(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(
        lambda _path, _headers, body: Said(200, b"[" + body + b"]", {"Content-Type": "application/json"}),
        lambda _path, headers, body: Said(200, body + b"!", {"Content-Type": headers["content-type"]}),
    )

    answer = endpoint.invoke(ContentType="text/csv")

    # Developer guide, "Inference pipelines": one's answer and its type are the next one's request.
    assert (answer["Body"], answer["ContentType"]) == (b"[1,2]!", "application/json")
    (captured,) = endpoint.captured
    assert captured["captureData"]["endpointInput"]["data"] == "1,2"


def test_in_direct_mode_the_caller_names_the_container(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(
        lambda *_request: Said(body=b"first"),
        lambda *_request: Said(body=b"second"),
        names=["a", "b"],
        is_direct=True,
    )

    assert endpoint.invoke(TargetContainerHostname="b")["Body"] == b"second"
    with refused(RuntimeValidationError) as caught:
        endpoint.invoke()
    assert "a, b" in str(caught.value)
    with refused(RuntimeValidationError):
        endpoint.invoke(TargetContainerHostname="c")


def test_a_body_at_the_limit_is_taken_and_one_beyond_is_not(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(lambda _path, _headers, body: Said(body=str(len(body)).encode()))
    # The service's model: Body has at most 6,291,456 bytes.
    limit = 6_291_456

    assert endpoint.invoke(bytes(limit))["Body"] == str(limit).encode()
    with refused(RuntimeValidationError) as caught:
        endpoint.invoke(bytes(limit + 1))
    assert str(limit) in str(caught.value)
    assert len(endpoint.models[0].requests) == 1


def test_an_endpoint_that_is_not_there_is_said_to_be(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(echo)

    with refused(RuntimeValidationError) as caught:
        endpoint.invocation.invoke(OWNER, {"EndpointName": "other"})

    # As recorded in aws/amazon-sagemaker-examples issue 293.
    assert str(caught.value) == "Endpoint other of account 123456789012 not found."
    assert caught.value.code == "ValidationError"


def test_a_request_is_captured_before_it_is_answered(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(echo)

    endpoint.invoke(ContentType="text/csv", InferenceId="order-77", CustomAttributes="k=v")

    (captured,) = endpoint.captured
    assert captured["captureData"]["endpointOutput"]["data"] == "1,2"
    assert captured["eventMetadata"]["inferenceId"] == "order-77"
    assert captured["eventMetadata"]["inferenceTime"] == "1970-01-01T00:00:00Z"


def test_a_container_that_names_no_type_passes_none_on(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(lambda *_request: Said(200, b"["), echo)

    endpoint.invoke(ContentType="text/csv")

    _, headers, _ = endpoint.models[1].requests[0]
    assert "content-type" not in headers


def streamed(endpoint: Endpoint, **parameters: str) -> Document:
    return endpoint.invocation.stream(OWNER, {"EndpointName": "churn", "Body": b"1,2", **parameters})


def test_a_stream_holds_its_instance_to_the_last_part(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(lambda *_request: Said(200, b"answer", {"Content-Type": "text/plain"}))

    answer = streamed(endpoint)

    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/plain", "AllTraffic")
    assert endpoint.instance.outstanding == 1
    assert list(answer["Body"]) == [{"PayloadPart": {"Bytes": b"answer"}}]
    assert endpoint.instance.outstanding == 0


def test_a_stream_that_breaks_says_so_as_its_last_event(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(lambda *_request: Said(200, b"half of it", is_cut=True))

    *parts, last = streamed(endpoint)["Body"]

    assert parts == [{"PayloadPart": {"Bytes": b"half "}}]
    # The service's model: ModelStreamError's ErrorCode.
    assert last["ModelStreamError"]["ErrorCode"] == "StreamBroken"
    assert endpoint.instance.outstanding == 0


def test_a_refusal_before_the_stream_is_an_error_of_the_call(endpoint_of: Callable[..., Endpoint]) -> None:
    endpoint = endpoint_of(lambda *_request: Said(400, b"no age"))

    with refused(ModelError) as caught:
        streamed(endpoint)

    assert caught.value.members["OriginalMessage"] == "no age"
    assert endpoint.instance.outstanding == 0


def test_a_stream_passes_over_an_instance_that_takes_no_connection(
    endpoint_of: Callable[..., Endpoint],
) -> None:
    endpoint = endpoint_of(lambda *_request: Said(200, b"answer"))
    gone = Instance((Target("primary", Connections("127.0.0.1", 1)),))
    endpoint.serve([gone, endpoint.instance, gone])

    for _ in range(6):
        assert len(list(streamed(endpoint)["Body"])) == 1
    assert (gone.outstanding, endpoint.instance.outstanding) == (0, 0)
