"""The control plane within the test's own process: everything but HTTP and Docker is real."""

import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from slipway.operations.model_package_groups import ModelPackageGroups
from slipway.operations.model_packages import ModelPackages
from slipway.operations.tags import Tags
from slipway.protocol.call import HttpAnswer, HttpRequest
from slipway.protocol.dispatch import Dispatcher, Operation
from slipway.protocol.service_model import ServiceModels
from slipway.resources.resource import Resource
from slipway.store.store import Event, Store

ACCOUNT, REGION = "123456789012", "eu-west-1"
MODELS = ServiceModels()


class MovableClock:
    """A clock that a test sets."""

    def __init__(self, seconds: float = 1_700_000_000.0) -> None:
        self.seconds = seconds

    def now(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds


def change_told(before: Resource | None, after: Resource) -> tuple[Event, ...]:
    """An event that tells the whole change: what a commit holds can be compared with it."""
    return (Event("change", {"before": before.status if before else None, "after": after.status}),)


class ControlPlane:
    """Dispatcher, registry, tags and store; boto3's own clients talk to it without a socket."""

    def __init__(
        self,
        folder: Path,
        more: Callable[[Store], Mapping[tuple[str, str], Operation]] = lambda _store: {},
    ) -> None:
        self.clock = MovableClock()
        self.store = Store(folder / "slipway.db", self.clock, change_told)
        self.packages = ModelPackages(self.store, self.clock)
        self.operations: dict[tuple[str, str], Operation] = {
            **ModelPackageGroups(self.store, self.clock).operations,
            **self.packages.operations,
            **Tags(self.store).operations,
            **more(self.store),
        }
        self.dispatcher = Dispatcher(MODELS, self.operations)
        self.answers: list[HttpAnswer] = []

    def client(self, service: str = "sagemaker", account: str = ACCOUNT, region: str = REGION) -> Any:
        """An unmodified client of `service`; what it may not send by itself is sent all the same."""
        idle = IDLE[service, account, region]
        line = idle.pop() if idle else Line(service, account, region)
        line.plane = self
        LENT.append(line)
        return line.client

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """The answer to what a client sends."""
        answer = self.dispatcher.answer(request)
        self.answers.append(answer)
        return answer


class Line:
    """A client, and the control plane to which its calls go for as long as one test takes."""

    def __init__(self, service: str, account: str, region: str) -> None:
        self.key = (service, account, region)
        self.plane: ControlPlane | None = None
        self.client: Any = boto3.client(
            service,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="test",
            endpoint_url="http://localhost:1",
            # botocore's own checks would keep from us what we are to refuse.
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )
        self.client.meta.events.register("before-send", self._answer)

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        assert self.plane is not None, "a client is asked after the test that it was made for"
        answer = self.plane.answer(http_request(request))
        return AWSResponse(request.url, answer.status, answer.headers, Body(answer.body))


# To make a client takes longer than most tests, so those of one test are used again by the next.
LENT: list[Line] = []
IDLE: defaultdict[tuple[str, str, str], list[Line]] = defaultdict(list)


def take_back_clients() -> None:
    """At the end of a test: its clients are free for the next one."""
    while LENT:
        line = LENT.pop()
        line.plane = None
        IDLE[line.key].append(line)


def http_request(request: AWSPreparedRequest) -> HttpRequest:
    """What boto3 sends, as the HTTP edge hands it on."""
    rest = request.url.partition("://")[2].partition("/")[2]
    path, _, query = rest.partition("?")
    body = request.body or b""
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    return HttpRequest(
        request.method, f"/{path}", query, headers, body.encode() if isinstance(body, str) else bytes(body)
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class Body(io.BytesIO):
    """A body as urllib3 gives it to botocore."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()
