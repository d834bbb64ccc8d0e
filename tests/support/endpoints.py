"""Endpoints of an emulator, by Docker's account as well as by its own."""

import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.scripted_server import asked_to

AT_WORK = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
CAPTURE_TYPES = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}


class Endpoints:
    """One emulator's endpoints, whose models are scripted servers where nothing else is said."""

    def __init__(self, emulator: Emulator, image: str) -> None:
        self.emulator = emulator
        self.image = image
        self.client = emulator.client("sagemaker")
        self.runtime = emulator.client("sagemaker-runtime")
        self.names: list[str] = []

    def model(self, image: str | None = None, **container: Any) -> str:
        """A new model of one container."""
        name = new_name("model")
        self.client.create_model(ModelName=name, PrimaryContainer={"Image": image or self.image, **container})
        return name

    def answering(self, answer: str) -> str:
        """A new model that answers plain requests so."""
        return self.model(Environment={"ANSWER": answer})

    def config(self, *variants: dict[str, Any], **more: Any) -> str:
        """A new configuration."""
        name = new_name("config")
        self.client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=list(variants), **more)
        return name

    def create(self, config: str) -> str:
        """A new endpoint, just asked for."""
        name = new_name("Endpoint")
        self.names.append(name)
        self.client.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return name

    def in_service(self, config: str) -> str:
        """A new endpoint that serves."""
        name = self.create(config)
        described = self.settled(name)
        assert described["EndpointStatus"] == "InService", described.get("FailureReason")
        return name

    def describe(self, name: str) -> dict[str, Any]:
        """What it is now."""
        described: dict[str, Any] = self.client.describe_endpoint(EndpointName=name)
        return described

    def settled(self, name: str) -> dict[str, Any]:
        """What it is once nobody is at work on it."""

        def look() -> dict[str, Any] | None:
            described = self.describe(name)
            return None if described["EndpointStatus"] in AT_WORK else described

        return wait_until(look, f"{name} to be at rest", 180)

    def delete(self, name: str) -> None:
        """Delete it and wait until it is gone."""
        self.client.delete_endpoint(EndpointName=name)
        self.names.remove(name)

        def look() -> bool | None:
            try:
                self.describe(name)
            except ClientError as error:
                if "Could not find endpoint" in str(error):
                    return True
                raise
            return None

        wait_until(look, f"{name} to be gone", 90)

    def invoke(self, name: str, body: bytes = b"1", **parameters: str) -> str:
        """What it answers."""
        answer = self.runtime.invoke_endpoint(EndpointName=name, Body=body, **parameters)
        text: str = answer["Body"].read().decode()
        return text

    def shown(self, name: str, **parameters: str) -> Any:
        """What a scripted server knows of a request and of itself."""
        return json.loads(self.invoke(name, asked_to("show"), **parameters))

    def containers(self, name: str) -> Mapping[str, Any]:
        """Its containers by their place, by the engine's account; running or not."""
        arn = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{name.lower()}"
        found = self.emulator.job_containers()
        return {each.labels["slipway.host"]: each for each in found if each.labels["slipway.resource"] == arn}

    def ids(self, name: str) -> set[str]:
        """The ids of its containers."""
        return {container.id for container in self.containers(name).values()}

    def store_model(self, files: Mapping[str, bytes]) -> str:
        """Store an artefact of those files; returns its URI."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        key = f"models/{uuid4().hex}/model.tar.gz"
        self.emulator.s3.put_object(Bucket=self.emulator.bucket, Key=key, Body=packed.getvalue())
        return f"s3://{self.emulator.bucket}/{key}"

    def objects(self, prefix: str) -> dict[str, bytes]:
        """The objects below a prefix."""
        s3, bucket = self.emulator.s3, self.emulator.bucket
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
        return {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed}

    @contextmanager
    def load(self, name: str, threads: int = 8) -> Iterator[list[str]]:
        """Requests without a pause from several threads; none may fail. Yields what they were answered."""
        answers: list[str] = []
        enough = threading.Event()

        def ask() -> None:
            while not enough.is_set():
                answers.append(self.invoke(name))

        with ThreadPoolExecutor(threads) as pool:
            asking = [pool.submit(ask) for _ in range(threads)]
            try:
                yield answers
            finally:
                enough.set()
        for each in asking:
            each.result()


def variant(model: str, name: str = "AllTraffic", count: int = 1, **more: Any) -> dict[str, Any]:
    """A production variant."""
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": count,
        **more,
    }


def capture_to(destination: str, **more: Any) -> dict[str, Any]:
    """A data capture configuration that captures everything."""
    return {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": destination,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": CAPTURE_TYPES,
        **more,
    }


def new_name(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}-{uuid4().hex[:8]}"


@contextmanager
def endpoints_of(emulator: Emulator, image: str) -> Iterator[Endpoints]:
    """Endpoints that are deleted at the end."""
    endpoints = Endpoints(emulator, image)
    yield endpoints
    for name in list(endpoints.names):
        endpoints.settled(name)
        endpoints.delete(name)
