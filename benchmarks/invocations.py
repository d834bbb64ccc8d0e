"""What does InvokeEndpoint add to the container's own answer, with every answer captured?

The same row, asked at the emulator and at the endpoint's container in turn,
over one kept-alive connection each.
"""

import http.client
import json
import tarfile
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import boto3

from benchmarks.control_plane import POLL_SECONDS, running
from benchmarks.emulator import BUCKET, MANY_REGION, client_of
from benchmarks.figures import Figures
from benchmarks.jobs import JobError, docker_run, prepare_training, preprocess
from orchestration.project_file import load_tabular
from scripts.commands import capture

REQUESTS = 400
ROUNDS = 5
ROLE = "arn:aws:iam::000000000000:role/any"
HEADERS = {"Content-Type": "text/csv", "Accept": "text/csv"}


def main(images: dict[str, str], data: Path, is_synthetic: bool) -> Figures:
    """p50 of both ways, round by round."""
    figures = Figures("invocations", peer="the endpoint's container, asked without the emulator")
    figures.note("data", data.name)
    figures.note("synthetic", is_synthetic)
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, running(images["emulator"]) as plane:
        model_uri, row = trained(images, data, Path(name))
        client = client_of(plane, MANY_REGION)
        endpoint = f"bench-{uuid4().hex[:8]}"
        arn = in_service(client, endpoint, images["train_xgb"], model_uri)
        ours = http.client.HTTPConnection(plane.endpoint_url.removeprefix("http://"))
        peer = http.client.HTTPConnection(address_of(arn), 8080)
        rounds = [
            (
                median_milliseconds(ours, f"/endpoints/{endpoint}/invocations", row),
                median_milliseconds(peer, "/invocations", row),
            )
            for _ in range(ROUNDS + 1)
        ][1:]
        client.delete_endpoint(EndpointName=endpoint)
        while client.list_endpoints(NameContains=endpoint)["Endpoints"]:
            threading.Event().wait(POLL_SECONDS)
    figures.add("milliseconds an answer, p50", [a for a, _ in rounds], [b for _, b in rounds], digits=2)
    figures.note("milliseconds added, p50", round(median(a - b for a, b in rounds), 2))
    return figures


def trained(images: dict[str, str], data: Path, folder: Path) -> tuple[str, bytes]:
    """The URI of bank's model, and an encoded row for it."""
    project = load_tabular("bank")
    preprocess(images["preprocess"], project, data, project.split.seed, folder / "parts")
    prepare_training(project.hyperparameters, folder / "parts", folder / "train")
    docker_run(images["train_xgb"], ["train"], folder / "train")
    archive = folder / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as files:
        files.add(folder / "train" / "model", arcname=".")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(archive), BUCKET, "model.tar.gz")
    live = (folder / "parts" / "processing" / "output" / "live" / "encoded.csv").read_text(encoding="utf-8")
    return f"s3://{BUCKET}/model.tar.gz", live.partition("\n")[0].partition(",")[2].encode()


def in_service(client: Any, endpoint: str, image: str, model_uri: str, captures: bool = True) -> str:
    """The ARN of an endpoint that answers, and captures all. Raises JobError where it does not come up."""
    return serving(client, endpoint, {"Image": image, "ModelDataUrl": model_uri}, captures)


def serving(client: Any, endpoint: str, container: Mapping[str, str], captures: bool = True) -> str:
    """The same of a model of any container. Raises JobError where it does not come up."""
    client.create_model(ModelName=endpoint, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    client.create_endpoint_config(
        EndpointConfigName=endpoint,
        ProductionVariants=[
            {
                "VariantName": "all",
                "ModelName": endpoint,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
            }
        ],
        DataCaptureConfig={
            "EnableCapture": captures,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/capture",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        },
    )
    client.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
    while (described := client.describe_endpoint(EndpointName=endpoint))["EndpointStatus"] == "Creating":
        threading.Event().wait(POLL_SECONDS)
    if described["EndpointStatus"] != "InService":
        raise JobError(f"{endpoint}: {described.get('FailureReason')}")
    arn: str = described["EndpointArn"]
    return arn


def address_of(arn: str) -> str:
    """Where the endpoint's container listens, by Docker's account."""
    container = capture(
        ["docker", "ps", "--quiet", "--filter", f"label=slipway.resource={arn}"]
    ).stdout.strip()
    networks = json.loads(
        capture(["docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", container]).stdout
    )
    return str(next(network["IPAddress"] for network in networks.values() if network["IPAddress"]))


def median_milliseconds(connection: http.client.HTTPConnection, path: str, row: bytes) -> float:
    """p50 of some requests, one after another. Raises JobError where one is refused."""
    times = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        connection.request("POST", path, row, HEADERS)
        answer = connection.getresponse()
        said = answer.read()
        times.append(1000 * (time.perf_counter() - started))
        if answer.status != 200:
            raise JobError(f"{path} answers {answer.status}: {said[:200]!r}")
    return median(times)
