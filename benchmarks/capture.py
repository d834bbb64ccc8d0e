"""Is every answered request in S3, at 500 requests a second and with the control plane killed in between?

bank's model behind an endpoint that captures everything, asked in an open loop with
an inference id each; half-way the emulator gets SIGKILL and is started again. Then
the ids that were answered 200 are compared with those in the capture files. Before,
what capturing adds to the emulator's CPU: the same row, with it and without.
"""

import asyncio
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from docker import from_env

from benchmarks.control_plane import POLL_SECONDS, ControlPlane, running
from benchmarks.emulator import BUCKET, MANY_REGION, client_of
from benchmarks.figures import Figures
from benchmarks.invocations import HEADERS, in_service, trained
from benchmarks.jobs import JobError, docker
from benchmarks.open_loop import OpenLoop, Outcome
from orchestration.settings import ROOT

RATE = 500
SECONDS = 60
ROUNDS, ROUND_SECONDS = 4, 4
# The journal waits 2 s for more lines; the rest is S3's.
STORED_SECONDS = 60


def main(images: dict[str, str], data: Path, is_synthetic: bool) -> Figures:
    """CPU with capture and without, then the soak. Raises JobError where a record is lost or doubled."""
    figures = Figures("capture", peer="the same endpoint without data capture")
    figures.note("data", data.name)
    figures.note("synthetic", is_synthetic)
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, running(images["emulator"]) as plane:
        model_uri, row = trained(images, data, Path(name))
        client = client_of(plane, MANY_REGION)
        captured, bare = (f"bench-{uuid4().hex[:8]}" for _ in range(2))
        in_service(client, captured, images["train_xgb"], model_uri)
        in_service(client, bare, images["train_xgb"], model_uri, captures=False)
        measure_cpu(figures, plane, captured, bare, row)
        problem = soak(figures, plane, captured, row)
        for endpoint in (captured, bare):
            client.delete_endpoint(EndpointName=endpoint)
        while client.list_endpoints(NameContains="bench-")["Endpoints"]:
            threading.Event().wait(POLL_SECONDS)
    if problem:
        figures.write(ROOT / "build" / "bench")
        raise JobError(problem)
    return figures


def measure_cpu(figures: Figures, plane: ControlPlane, captured: str, bare: str, row: bytes) -> None:
    """Microseconds of the emulator's CPU for a request, in turn."""
    count = RATE * ROUND_SECONDS

    def microseconds(endpoint: str) -> float:
        before = cpu_microseconds(plane)
        outcome = asyncio.run(loop(plane, endpoint, row, "cpu").run(RATE, count))
        if outcome.statuses[200] != count:
            raise JobError(f"of {count} requests {outcome.statuses[200]} were answered: {outcome.statuses}")
        return (cpu_microseconds(plane) - before) / count

    rounds = [(microseconds(captured), microseconds(bare)) for _ in range(ROUNDS + 1)][1:]
    figures.add(
        "microseconds of the emulator's CPU a request", [a for a, _ in rounds], [b for _, b in rounds], 0
    )


def soak(figures: Figures, plane: ControlPlane, endpoint: str, row: bytes) -> str | None:
    """Ask, kill, compare. What is wrong, or None."""
    outcome = asyncio.run(asked_and_killed(plane, loop(plane, endpoint, row, "soak")))
    answered = {f"soak-{number}" for number in outcome.answered}
    counted = stored(boto3.client("s3"), f"capture/{endpoint}/", "soak-", answered)
    lost = answered - set(counted)
    doubled = {name for name, count in counted.items() if count > 1}
    figures.note("requests sent", sum(outcome.statuses.values()) + outcome.unanswered)
    figures.note("not sent: too many were waiting", outcome.unsent)
    figures.note("requests a second, sent", round(RATE * SECONDS / outcome.seconds))
    figures.note("statuses", {str(status): count for status, count in sorted(outcome.statuses.items())})
    figures.note("without an answer, while the emulator was away", outcome.unanswered)
    figures.note("seconds without an answer", round(outcome.longest_silence_seconds(), 2))
    figures.note("answered 200", len(answered))
    figures.note("of those captured in S3", len(answered) - len(lost))
    figures.note("lost", len(lost))
    figures.note("captured more than once", len(doubled))
    figures.note("captured, and killed before the answer", len(set(counted) - answered))
    figures.note("milliseconds an answer, p50", round(outcome.latency_milliseconds(0.5), 1))
    figures.note("milliseconds an answer, p99", round(outcome.latency_milliseconds(0.99), 1))
    if lost or doubled:
        return (
            f"of {len(answered)} answered requests {len(lost)} are not in S3, {len(doubled)} more than once"
        )
    return None


def loop(plane: ControlPlane, endpoint: str, row: bytes, prefix: str) -> OpenLoop:
    """Requests for one row, each with an inference id of its own."""
    host, port = plane.endpoint_url.removeprefix("http://").split(":")

    def request(number: int) -> bytes:
        return invocation(endpoint, row, f"{prefix}-{number}", HEADERS)

    return OpenLoop(host, int(port), request)


def invocation(endpoint: str, body: bytes, inference_id: str, headers: dict[str, str]) -> bytes:
    """InvokeEndpoint as bytes."""
    lines = [
        f"POST /endpoints/{endpoint}/invocations HTTP/1.1",
        "Host: emulator",
        f"Content-Length: {len(body)}",
        f"X-Amzn-SageMaker-Inference-Id: {inference_id}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def asked_and_killed(plane: ControlPlane, requests: OpenLoop) -> Outcome:
    """The whole of it; the emulator is killed half-way and started again at once."""
    asking = asyncio.create_task(requests.run(RATE, RATE * SECONDS))
    await asyncio.sleep(SECONDS / 2)
    await asyncio.to_thread(docker, "kill", "--signal", "KILL", plane.container)
    await asyncio.to_thread(docker, "wait", plane.container)
    await asyncio.to_thread(docker, "start", plane.container)
    return await asking


def stored(s3: Any, prefix: str, ids: str, expected: set[str]) -> Counter[str]:
    """How often each inference id that begins with `ids` is in S3, once `expected` are or no more come."""
    deadline = time.monotonic() + STORED_SECONDS
    while True:
        names = inference_ids(objects(s3, BUCKET, prefix))
        counted = Counter(name for name in names if name.startswith(ids))
        if expected <= set(counted) or time.monotonic() > deadline:
            return counted
        threading.Event().wait(1)


def objects(s3: Any, bucket: str, prefix: str) -> Iterator[bytes]:
    """The contents below a prefix."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get("Contents", ()):
            yield s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()


def inference_ids(contents: Iterable[bytes]) -> Iterator[str]:
    """The inference ids of capture files, line by line; a line that is no whole record raises ValueError."""
    for content in contents:
        for line in content.splitlines():
            yield json.loads(line)["eventMetadata"]["inferenceId"]


def cpu_microseconds(plane: ControlPlane) -> float:
    """What the emulator's container has used since it started, by the engine's account."""
    with closing(from_env()) as engine:
        container = engine.containers.get(plane.container)
        used: int = container.stats(stream=False, one_shot=True)["cpu_stats"]["cpu_usage"]["total_usage"]
    return used / 1000
