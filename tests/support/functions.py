"""Functions of an emulator, created and invoked by an unmodified client."""

import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.support.containers import wait_until
from tests.support.emulator import Emulator

ROLE = "arn:aws:iam::000000000000:role/functions"
# What the function of a test does is in its event.
PROGRAM = """
import os, signal, time

CALLS = [0]

def handler(event, context):
    CALLS[0] += 1
    print("called with", sorted(event))
    if "raise" in event:
        raise ValueError(event["raise"])
    if "exit" in event:
        os._exit(event["exit"])
    if "signal" in event:
        os.kill(os.getpid(), event["signal"])
    if "allocate" in event:
        return len(bytearray(event["allocate"]))
    if "characters" in event:
        return "x" * event["characters"]
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "write" in event:
        return written(event["write"])
    if "put" in event:
        return put(event["put"])
    return {"calls": CALLS[0], "version": VERSION, "environment": dict(os.environ)}

def written(path):
    try:
        with open(path, "w") as file:
            file.write("x")
    except OSError as error:
        return type(error).__name__
    return os.getuid()

def put(where):
    import boto3
    bucket, key = where
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=str(time.time()).encode())

VERSION = 1
"""


def archive(program: str, name: str = "app.py") -> bytes:
    """A program as Lambda takes it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(name, program)
    return content.getvalue()


@dataclass(frozen=True, slots=True)
class Answer:
    """What Invoke answered."""

    status: int
    error: str | None
    body: bytes
    log: str | None

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Functions:
    """The functions of a test; all of them go with it."""

    emulator: Emulator
    names: list[str] = field(default_factory=list)

    @property
    def client(self) -> Any:
        """An unmodified client of the emulator itself."""
        return self.emulator.client("lambda")

    def create(self, program: str = PROGRAM, **members: Any) -> str:
        """The name of a new function that is active; an archive where nothing else is said."""
        name = f"f-{uuid4().hex[:8]}"
        self.names.append(name)
        request: dict[str, Any] = {"FunctionName": name, "Role": ROLE}
        if members.get("PackageType") != "Image":
            request |= {
                "Runtime": "python3.13",
                "Handler": "app.handler",
                "Code": {"ZipFile": archive(program)},
            }
        self.client.create_function(**request | members)
        self.client.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    def invoke(self, name: str, event: Any = None, **members: Any) -> Answer:
        """One invocation, with the end of its log where LogType asks for it."""
        payload = {} if event is None else {"Payload": json.dumps(event)}
        answer = self.client.invoke(FunctionName=name, **payload, **members)
        return Answer(
            answer["StatusCode"],
            answer.get("FunctionError"),
            answer["Payload"].read(),
            answer.get("LogResult"),
        )

    def containers(self, name: str) -> list[Any]:
        """Its containers, running or not, by the engine's account."""
        arn = self.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        return self.containers_of(arn)

    def containers_of(self, arn: str) -> list[Any]:
        """The containers of a function by its ARN."""
        engine = self.emulator.container.client
        found = engine.containers.list(
            all=True, filters={"label": f"slipway.resource={arn}"}, ignore_removed=True
        )
        return [each for each in found if self.emulator.jobs_volume in str(each.attrs["Mounts"])]

    def lines(self, name: str, wanted: str, times: int = 1) -> list[str]:
        """The messages of its log in their order, once `wanted` is in so many of them."""
        logs = self.emulator.localstack.client("logs")
        group = {"logGroupName": f"/aws/lambda/{name}"}

        def found() -> list[str] | None:
            try:
                streams = logs.describe_log_streams(**group)["logStreams"]
            except logs.exceptions.ResourceNotFoundException:
                return None
            events = [
                event["message"]
                for stream in streams
                for event in logs.get_log_events(
                    **group, logStreamName=stream["logStreamName"], startFromHead=True
                )["events"]
            ]
            return events if sum(wanted in event for event in events) >= times else None

        return wait_until(found, f"{wanted!r} in the log of {name}")

    def delete_all(self) -> None:
        """Delete those that are left."""
        known = {each["FunctionName"] for each in self.client.list_functions()["Functions"]}
        for name in known & set(self.names):
            self.client.delete_function(FunctionName=name)
