"""What a SageMaker SDK is asked to do with our images under its local mode, whichever its version.

Runs in the environment of that SDK: the standard library, boto3 and PyYAML are
all that may be imported here, and what of ours needs no more.
"""

import json
import logging
import os
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from orchestration.clients import boto_session
from orchestration.containers import OURS, RUN_LABEL
from orchestration.local_mode import MountFolders
from orchestration.settings import TELEMETRY_OPT_OUT, Settings

CSV, JSON = "text/csv", "application/json"
PROCESSING = "/opt/ml/processing"
OUTPUTS = ("train", "validation", "test", "live", "keys", "encoder", "baseline", "schema", "report")
CHANNELS = {"train": CSV, "validation": CSV, "encoder": JSON}


@dataclass(frozen=True, slots=True)
class Request:
    """Where a client works, and the rows and settings that the caller chose."""

    bucket: str
    run_id: str
    container_root: str
    serving_port: int
    preprocess_image: str
    train_xgb_image: str
    processing_arguments: list[str]
    refused_processing_arguments: list[str]
    hyperparameters: dict[str, str]
    refused_hyperparameters: dict[str, str]
    encoded_rows: str
    raw_rows: str

    def uri(self, *names: str) -> str:
        """The address of something of this client's own in S3."""
        return "/".join((f"s3://{self.bucket}", self.run_id, *names))

    def input_uri(self, name: str) -> str:
        """The address of an input that the caller has put there."""
        return f"s3://{self.bucket}/input/{name}"

    def local_config(self) -> dict[str, Any]:
        """The SDK's configuration of local mode."""
        return {
            "local": {
                "container_root": self.container_root,
                "serving_port": self.serving_port,
                "container_config": {
                    "labels": {OURS: "1", RUN_LABEL: self.run_id},
                    "user": f"{os.getuid()}:{os.getgid()}",
                },
            }
        }


@dataclass(frozen=True, slots=True)
class ProcessingJob:
    """A job of the preprocess image."""

    name: str
    image: str
    entrypoint: list[str]
    arguments: list[str]
    inputs: dict[str, tuple[str, str]]
    outputs: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A job of the train_xgb image; `channels` are addresses and content types."""

    name: str
    image: str
    hyperparameters: dict[str, str]
    channels: dict[str, tuple[str, str]]
    output_path: str


@dataclass(frozen=True, slots=True)
class TransformJob:
    """A batch transform of the caller's encoded rows."""

    name: str
    data: str
    output_path: str
    strategy: str
    accept: str
    assemble_with: str | None


class Client(Protocol):
    """An SDK, in the calls that its own documentation shows."""

    def process(self, job: ProcessingJob) -> str:
        """Run a processing job; returns its status."""

    def train(self, job: TrainingJob) -> str:
        """Run a training job; returns the address of the model."""

    def create_model(self, name: str, image: str, model_uri: str) -> None:
        """Make the model that the next calls serve."""

    def deploy(self, name: str) -> None:
        """Put the model behind an endpoint; returns once it is in service."""

    def invoke(self, body: str, content_type: str, accept: str) -> bytes:
        """Ask the endpoint."""

    def delete_endpoint(self) -> None:
        """Stop the endpoint."""

    def transform(self, job: TransformJob) -> str:
        """Run a transform job; returns its status."""


def local_session(session_class: Any, request: Request, image_logger: str) -> Any:
    """A local session of either SDK that talks to nobody but the caller's S3."""
    settings = Settings.from_environ(os.environ)
    log = logging.getLogger(image_logger)
    log.setLevel(logging.INFO)
    log.addHandler(MountFolders())
    session = session_class(
        boto_session=boto_session(settings),
        default_bucket=request.bucket,
        s3_endpoint_url=settings.endpoint_url,
        sagemaker_config=TELEMETRY_OPT_OUT,
    )
    session.config = request.local_config()
    return session


def consult(connect: Callable[[Request], Client]) -> None:
    """Ask the client everything that the request on standard input names; write what came of it as JSON.

    Into the file that the program's argument names: the SDKs print what their
    containers write, and more.
    """
    hosts: set[str] = set()
    sys.addaudithook(lambda event, arguments: _note_host(hosts, event, arguments))
    request = Request(**json.load(sys.stdin))
    results = _results(connect(request), request)
    Path(sys.argv[1]).write_text(json.dumps({**results, "hosts": sorted(hosts)}), encoding="utf-8")


def _note_host(hosts: set[str], event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        hosts.add(str(arguments[0]))
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        hosts.add(str(arguments[1][0]))


def _results(client: Client, request: Request) -> dict[str, Any]:
    results: dict[str, Any] = {
        "processing_status": client.process(
            _processing_job(request, "processed", request.processing_arguments)
        ),
        "refused_processing": _error_of(
            lambda: client.process(_processing_job(request, "refused", request.refused_processing_arguments))
        ),
        "model_uri": client.train(_training_job(request, "trained", request.hyperparameters)),
        "refused_training": _error_of(
            lambda: client.train(_training_job(request, "refused", request.refused_hyperparameters))
        ),
    }
    client.create_model(f"model-{request.run_id}", request.train_xgb_image, results["model_uri"])
    with _deployed(client, request):
        results["ping"] = _ping(request.serving_port)
        results["answers"] = {
            accept: client.invoke(request.encoded_rows, CSV, accept).decode() for accept in (CSV, JSON)
        }
        results["raw_answer"] = client.invoke(request.raw_rows, JSON, JSON).decode()
    results["transform_statuses"] = [client.transform(job) for job in _transform_jobs(request)]
    return results


def _error_of(call: Callable[[], object]) -> str:
    try:
        call()
    except Exception as error:  # which type it is, is the SDK's business
        return str(error)
    return ""


@contextmanager
def _deployed(client: Client, request: Request) -> Iterator[None]:
    client.deploy(f"endpoint-{request.run_id}")
    try:
        yield
    finally:
        client.delete_endpoint()


def _ping(port: int) -> list[Any]:
    with urllib.request.urlopen(f"http://localhost:{port}/ping", timeout=10) as answer:
        return [answer.status, answer.read().decode()]


def _processing_job(request: Request, name: str, arguments: list[str]) -> ProcessingJob:
    return ProcessingJob(
        name=name,
        image=request.preprocess_image,
        # Both SDKs' local modes end in a KeyError where arguments come without an entrypoint.
        entrypoint=["python", "-m", "preprocess"],
        arguments=arguments,
        inputs={name: (request.input_uri(name), f"{PROCESSING}/input/{name}") for name in ("data", "schema")},
        outputs={output: (f"{PROCESSING}/output/{output}", request.uri(name, output)) for output in OUTPUTS},
    )


def _training_job(request: Request, name: str, hyperparameters: dict[str, str]) -> TrainingJob:
    return TrainingJob(
        name=name,
        image=request.train_xgb_image,
        hyperparameters=hyperparameters,
        channels={
            channel: (request.uri("processed", channel), content_type)
            for channel, content_type in CHANNELS.items()
        },
        output_path=request.uri("models"),
    )


def _transform_jobs(request: Request) -> list[TransformJob]:
    def job(name: str, strategy: str, accept: str, assemble_with: str | None) -> TransformJob:
        return TransformJob(
            name, request.input_uri(name), request.uri("transformed"), strategy, accept, assemble_with
        )

    return [
        job("many-a-request", "MultiRecord", CSV, None),
        job("one-a-request", "SingleRecord", JSON, "Line"),
    ]
