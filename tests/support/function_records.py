"""Lambda's control plane in the test's own process: everything but containers and S3 is real."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from slipway.errors import FunctionParameterError
from slipway.executors.function import FunctionExecutor
from slipway.executors.function_containers import code_folder
from slipway.operations.function_invocations import FunctionInvocations
from slipway.operations.function_settings import FunctionSettings
from slipway.operations.functions import Functions
from slipway.resources.document import Document
from slipway.resources.function import Code, LiveFunction
from slipway.resources.function_invocation import FunctionAnswer, FunctionInvocation
from slipway.resources.resource import Key, Kind, Owner
from slipway.staging import function_code
from slipway.store.store import Store

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane
from tests.support.functions import ROLE, archive

OWNER = Owner(ACCOUNT, REGION)
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
IMAGE, IMAGE_ID = "slipway/any:1", "sha256:" + "1" * 64
PROGRAM = archive("def handler(event, context): return event")


class Source:
    """Code from requests, and one image."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def archive(self, owner: Owner, code: Document) -> bytes:
        assert owner == OWNER
        content: bytes = code["ZipFile"]
        function_code.check_archive(content)
        return content

    def kept(self, key: Key, archive: bytes) -> Code:
        digest, shown = function_code.sha256_of(archive)
        function_code.keep(archive, code_folder(self._folder, key, digest))
        return Code(sha256=shown, size_bytes=len(archive), archive=digest)

    def image(self, image_uri: str) -> Code:
        if image_uri != IMAGE:
            raise FunctionParameterError(f"Source image {image_uri} does not exist.")
        return Code(sha256=IMAGE_ID.removeprefix("sha256:"), image_uri=image_uri, image_id=IMAGE_ID)


class ScriptedInvoker:
    """Answers every invocation with what the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer = FunctionAnswer(b'"answered"')
        self.asked: list[tuple[LiveFunction, FunctionInvocation, int | None]] = []

    def invoke(
        self,
        function: LiveFunction,
        invocation: FunctionInvocation,
        reserved: int | None = None,
        with_log: bool = False,
    ) -> FunctionAnswer:
        self.asked.append((function, invocation, reserved))
        return self.answer if with_log else replace(self.answer, log_tail=b"")


class FunctionRecords:
    """Functions as boto3 sees them; what has been asked for is carried out when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.invoker = ScriptedInvoker()
        self.enqueued: list[tuple[Key, str, bytes]] = []
        self.retired: list[tuple[Key, str | None]] = []
        self.submitted: list[Key] = []
        # What happens while containers are retired.
        self.meanwhile: Callable[[], object] = lambda: None
        self.plane = ControlPlane(folder, self._operations)
        self.client = self.plane.client("lambda")
        self._executor = FunctionExecutor(
            self.plane.store,
            self.plane.clock,
            folder,
            lambda uri: IMAGE_ID if uri == IMAGE else None,
            self._retire,
        )

    def create(self, name: str = "greet", **members: Any) -> Any:
        """Ask for a function."""
        return self.client.create_function(**self.request(name, **members))

    def request(self, name: str = "greet", **members: Any) -> dict[str, Any]:
        """A whole request; None leaves a member out."""
        whole: dict[str, Any] = {
            "FunctionName": name,
            "Role": ROLE,
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Code": {"ZipFile": PROGRAM},
        }
        return {member: value for member, value in (whole | members).items() if value is not None}

    def created(self, name: str = "greet", **members: Any) -> Any:
        """A function that is active, as GetFunction shows it."""
        self.create(name, **members)
        self.carry_out()
        return self.client.get_function(FunctionName=name)

    def carry_out(self) -> None:
        """Do what has been asked for."""
        while self.submitted:
            self._executor.carry_out(self.submitted.pop(0))

    def _retire(self, key: Key, but: str | None) -> None:
        self.retired.append((key, but))
        self.meanwhile()

    def _operations(self, store: Store) -> Any:
        def enqueue(key: Key, request_id: str, event: bytes) -> None:
            self.enqueued.append((key, request_id, event))

        clock = _Clock(self)
        return {
            **Functions(store, clock, Source(self.folder), self.submitted.append).operations,
            **FunctionSettings(store).operations,
            **FunctionInvocations(store, self.invoker, enqueue).operations,
        }


class _Clock:
    """The plane's clock, which is there only after its operations."""

    def __init__(self, records: FunctionRecords) -> None:
        self._records = records

    def now(self) -> float:
        return self._records.plane.clock.now()


@contextmanager
def refused(code: str, message: str, status: int | None = None) -> Iterator[None]:
    """The block is refused so; a message that ends with … goes on after it."""
    with pytest.raises(ClientError) as caught:
        yield
    error: Any = caught.value.response
    said = error["Error"]["Message"]
    assert (
        error["Error"]["Code"],
        said if not message.endswith("…") else said[: len(message) - 1] + "…",
    ) == (
        code,
        message,
    )
    assert error.get("Type") == "User"
    if status is not None:
        assert error["ResponseMetadata"]["HTTPStatusCode"] == status


def key_of(name: str) -> Key:
    """The key of a function of the plane's owner."""
    return Key(OWNER, Kind.FUNCTION, name)
