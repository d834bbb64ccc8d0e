"""How soon does the inference API answer, look-up and endpoint included, and how many requests does it take?

bank's model behind an endpoint that captures everything, all 41,472 encodings in the
online store, one unseen client a request. At one client beside InvokeEndpoint itself,
asked without the API and with a row that is encoded already; then 300 requests a second
in an open loop of a process of its own, and what each part took of the processors.
"""

import csv
import hashlib
import http.client
import itertools
import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import boto3
from docker import from_env

from benchmarks.api_load import Load, Loaded, load
from benchmarks.control_plane import POLL_SECONDS, ControlPlane, running
from benchmarks.emulator import BUCKET, MANY_REGION, client_of
from benchmarks.featurestore import ENTRIES, parts, pooled
from benchmarks.figures import Figures
from benchmarks.invocations import HEADERS, ROLE, serving, trained
from benchmarks.jobs import LABEL, JobError, docker
from orchestration.local_mode import free_port
from orchestration.project_file import load_project
from orchestration.schema import schema_document
from orchestration.settings import ROOT
from scripts.commands import capture

PROJECT = "bank"
RATE, SECONDS, WARM_UP_SECONDS = 300, 60, 5
REQUESTS, ROUNDS = 400, 5
LOADS = 3
READY_SECONDS = 30
AT = "2026-01-01T00:00:00Z"


def main(images: dict[str, str], data: Path, is_synthetic: bool) -> Figures:
    """One client beside the bare endpoint, then the load. Raises JobError where an answer is no 200."""
    figures = Figures("api", peer="InvokeEndpoint without the API, with an encoded row")
    figures.note("data", data.name)
    figures.note("synthetic", is_synthetic)
    figures.note("load average at the beginning", round(os.getloadavg()[0], 1))
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, running(images["emulator"]) as plane:
        model_uri, row = trained(images, data, Path(name))
        output = Path(name) / "parts" / "processing" / "output"
        client = client_of(plane, MANY_REGION)
        endpoint = f"bench-{uuid4().hex[:8]}"
        package = registered(
            client, endpoint, images["train_xgb"], model_uri, metadata(plane, client, output)
        )
        arn = serving(client, endpoint, {"ModelPackageName": package})
        records = live_records(output / "live" / "live.csv")
        with running_api(images["api"], plane, endpoint) as api:
            measure_one_client(figures, plane, api, endpoint, row, records)
            containers = {"api": api.container, "emulator": plane.container, "model": container_of(arn)}
            problem = measure_load(figures, api, records, containers)
        client.delete_endpoint(EndpointName=endpoint)
        while client.list_endpoints(NameContains=endpoint)["Endpoints"]:
            threading.Event().wait(POLL_SECONDS)
    if problem:
        figures.write(ROOT / "build" / "bench")
        raise JobError(problem)
    return figures


def metadata(plane: ControlPlane, client: Any, output: Path) -> dict[str, str]:
    """What the version says of its rows: a group with every combination, and the encoder in S3."""
    schema = schema_document(load_project(PROJECT))
    categorical = [each for each in schema["features"] if each["type"] == "String"]
    names = [each["encoded_name"] for feature in categorical for each in feature["categories"]]
    group = f"bench-{uuid4().hex[:8]}"
    client.create_feature_group(
        FeatureGroupName=group,
        RecordIdentifierFeatureName="combination",
        EventTimeFeatureName="event_time",
        FeatureDefinitions=[
            {"FeatureName": "combination", "FeatureType": "String"},
            {"FeatureName": "event_time", "FeatureType": "String"},
            *({"FeatureName": name, "FeatureType": "Integral"} for name in names),
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
        RoleArn=ROLE,
    )
    while client.describe_feature_group(FeatureGroupName=group)["FeatureGroupStatus"] == "Creating":
        threading.Event().wait(POLL_SECONDS)
    chosen = list(itertools.product(*([each["value"] for each in one["categories"]] for one in categorical)))
    batches = [
        json.dumps(
            {
                "Entries": [
                    {"FeatureGroupName": group, "Record": encodings(categorical, chosen[place])}
                    for place in places
                ]
            }
        )
        for places in parts(range(len(chosen)), ENTRIES)
    ]
    pooled(plane, "POST", "/BatchWriteRecord", batches)
    key = f"encoders/{group}.json"
    boto3.client("s3").upload_file(str(output / "encoder" / "encoder.json"), BUCKET, key)
    return {"feature-group-name": group, "encoder-uri": f"s3://{BUCKET}/{key}"}


def encodings(categorical: list[dict[str, Any]], values: tuple[str, ...]) -> list[dict[str, str]]:
    """The record of one combination."""
    columns = {
        each["encoded_name"]: str(int(each["value"] == value))
        for feature, value in zip(categorical, values, strict=True)
        for each in feature["categories"]
    }
    named = {"combination": ",".join(values), "event_time": AT, **columns}
    return [{"FeatureName": name, "ValueAsString": value} for name, value in named.items()]


def registered(client: Any, group: str, image: str, model_uri: str, properties: dict[str, str]) -> str:
    """The ARN of an approved version."""
    client.create_model_package_group(ModelPackageGroupName=group)
    created: dict[str, str] = client.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties=properties,
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": model_uri}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
        },
    )
    return created["ModelPackageArn"]


def live_records(file: Path) -> list[dict[str, object]]:
    """Rows that the model has not seen, as its users send them."""
    schema = schema_document(load_project(PROJECT))
    numbers = {each["name"] for each in schema["features"] if each["type"] != "String"}
    target = schema["target"]["name"]
    with file.open(encoding="utf-8", newline="") as stream:
        return [
            {name: int(value) if name in numbers else value for name, value in row.items() if name != target}
            for row in csv.DictReader(stream)
        ]


class Api:
    """A running container of the API."""

    def __init__(self, port: int, container: str, key: str) -> None:
        self.port, self.container, self.key = port, container, key

    @property
    def path(self) -> str:
        """Where predictions are."""
        return f"/v1/{PROJECT}/predictions"

    @property
    def headers(self) -> dict[str, str]:
        """What a request carries."""
        return {"X-Api-Key": self.key, "Content-Type": "application/json"}


@contextmanager
def running_api(image: str, plane: ControlPlane, endpoint: str) -> Iterator[Api]:
    """The API in front of `endpoint`, as compose.yaml runs it, without a limit of requests a client."""
    key = secrets.token_urlsafe(32)
    digest = hashlib.sha256(key.encode()).hexdigest()
    document = {
        "version": 1,
        "project": PROJECT,
        "kind": "tabular",
        "schema": schema_document(load_project(PROJECT)),
        "endpoint_name": endpoint,
        "lookup": {"unknown_key": "refuse"},
    }
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"api/{endpoint}.json", Body=json.dumps(document))
    port, emulator = free_port(), f"http://{plane.container}:4500"
    environment = {
        "API_PROJECTS": f"s3://{BUCKET}/api/{endpoint}.json",
        "API_KEYS": json.dumps({"keys": [{"client": "bench", "sha256": digest}]}),
        "API_RATE_PER_SECOND": "1000000",
        "API_RATE_BURST": "1000000",
        "AWS_REGION": MANY_REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": "http://localstack:4566",
        "AWS_ENDPOINT_URL_SAGEMAKER": emulator,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": emulator,
        "AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME": emulator,
    }
    network = docker(
        "inspect", "--format", "{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{end}}", plane.container
    ).split()[0]
    container = docker(
        *("run", "--detach", "--init", "--read-only", "--label", LABEL, "--network", network),
        *("--cap-drop", "ALL", "--memory", "256m", "--publish", f"127.0.0.1:{port}:8000"),
        *(word for name, value in environment.items() for word in ("--env", f"{name}={value}")),
        image,
    ).strip()
    try:
        _wait_until_ready(port, container)
        yield Api(port, container, key)
    finally:
        capture(["docker", "rm", "--force", container])


def _wait_until_ready(port: int, container: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    return
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > deadline:
            raise JobError(f"the API is not ready: {capture(['docker', 'logs', container]).stdout[-1500:]}")
        threading.Event().wait(POLL_SECONDS)


def measure_one_client(
    figures: Figures,
    plane: ControlPlane,
    api: Api,
    endpoint: str,
    row: bytes,
    records: list[dict[str, object]],
) -> None:
    """p50 over one kept-alive connection, in turn with the endpoint itself."""
    ours = http.client.HTTPConnection("127.0.0.1", api.port)
    peer = http.client.HTTPConnection(plane.endpoint_url.removeprefix("http://"))
    bodies = itertools.cycle(json.dumps({"records": [record]}) for record in records)

    def ask_api() -> None:
        ours.request("POST", api.path, next(bodies), api.headers)
        answer = ours.getresponse()
        said = answer.read()
        if answer.status != 200 or json.loads(said)["features"] != "looked up":
            raise JobError(f"the API answers {answer.status}: {said[:300]!r}")

    def ask_endpoint() -> None:
        peer.request("POST", f"/endpoints/{endpoint}/invocations", row, HEADERS)
        answer = peer.getresponse()
        if answer.read() and answer.status != 200:
            raise JobError(f"the endpoint answers {answer.status}")

    rounds = [(median_of(ask_api), median_of(ask_endpoint)) for _ in range(ROUNDS + 1)][1:]
    figures.add("milliseconds an answer at one client, p50", [a for a, _ in rounds], [b for _, b in rounds])


def median_of(ask: Callable[[], None]) -> float:
    """p50 in milliseconds, one after another."""
    times = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - started))
    return median(times)


def measure_load(
    figures: Figures, api: Api, records: list[dict[str, object]], containers: dict[str, str]
) -> str | None:
    """Rounds of the load: what was answered, how soon, and whose CPU it took. What is wrong, or None."""
    bodies = tuple(json.dumps({"records": [record]}).encode() for record in records)
    rounds: list[Loaded] = []
    cpu: list[dict[str, float]] = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for seconds in [WARM_UP_SECONDS, *([SECONDS] * LOADS)]:
            before = {name: cpu_milliseconds(container) for name, container in containers.items()}
            loaded = pool.submit(load, Load(api.port, api.path, api.headers, bodies, RATE, seconds)).result()
            rounds.append(loaded)
            used = {name: cpu_milliseconds(each) - before[name] for name, each in containers.items()}
            cpu.append({name: each / loaded.count for name, each in used.items()})
    for loaded, used in zip(rounds, cpu, strict=True):
        used["generator"] = loaded.cpu_seconds * 1000 / loaded.count
    rounds, cpu = rounds[1:], cpu[1:]
    figures.note(f"requests a second for {SECONDS} s, sent", [round(each.rate) for each in rounds])
    figures.note("statuses, each round", [each.statuses for each in rounds])
    figures.note("without an answer, each round", [each.unanswered for each in rounds])
    for share in ("p50", "p99", "longest"):
        milliseconds = [round(each.milliseconds[share], 2) for each in rounds]
        figures.note(f"milliseconds an answer at {RATE} a second, {share}, each round", milliseconds)
    for name in [*containers, "generator"]:
        each = [round(used[name], 3) for used in cpu]
        figures.note(f"milliseconds of CPU a request, {name}, each round", each)
    parts_of_it = [sum(used[name] for name in containers) for used in cpu]
    figures.note("milliseconds of CPU a request, without the generator", round(median(parts_of_it), 2))
    if any(set(each.statuses) != {"200"} or each.unanswered for each in rounds):
        return "not every request was answered 200; the statuses are in the figures"
    return None


def container_of(arn: str) -> str:
    """The endpoint's container."""
    return capture(["docker", "ps", "--quiet", "--filter", f"label=slipway.resource={arn}"]).stdout.strip()


def cpu_milliseconds(container: str) -> float:
    """What a container has used since it started, by the engine's account."""
    with closing(from_env()) as engine:
        stats = engine.containers.get(container).stats(stream=False, one_shot=True)
    used: int = stats["cpu_stats"]["cpu_usage"]["total_usage"]
    return used / 1e6
