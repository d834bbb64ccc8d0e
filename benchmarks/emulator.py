"""What does a job cost beyond its container, and does the control plane stay quick when it knows many?

A job whose program is `true`, from the call that creates it to the Describe
that says Completed, and the same under the SDK's local mode, each less what
`docker run` of the same takes in the same round.
"""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import boto3

from benchmarks.control_plane import POLL_SECONDS, ControlPlane, running
from benchmarks.figures import Figures
from benchmarks.jobs import LABEL, JobError
from orchestration.__main__ import quiet
from orchestration.clients import boto_session
from orchestration.local_mode import local_mode
from orchestration.settings import ROOT, Settings

ROUNDS = 7
PAGES = 30
MANY, FEW = 10_000, 100
MANY_REGION, FEW_REGION = "us-east-1", "eu-west-1"
BUCKET = "slipway-bench"
# Runs in the emulator's image, before it starts: jobs that have ended long ago.
SEED = f"""
from pathlib import Path
from slipway.clock import SystemClock
from slipway.events.state_change import nothing_of
from slipway.resources.processing_job import ended, requested
from slipway.resources.resource import Key, Kind, Owner
from slipway.store.store import Store

clock = SystemClock()
store = Store(Path("/var/lib/slipway/state/slipway.db"), clock, nothing_of)
request = {{
    "AppSpecification": {{"ImageUri": "any"}},
    "ProcessingResources": {{
        "ClusterConfig": {{"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}}
    }},
    "RoleArn": "arn:aws:iam::000000000000:role/any",
}}
with store.all_or_nothing():
    for region, count in (({MANY_REGION!r}, {MANY}), ({FEW_REGION!r}, {FEW})):
        for number in range(count):
            key = Key(Owner("000000000000", region), Kind.PROCESSING_JOB, f"job-{{number:05}}")
            request["ProcessingJobName"] = key.name
            store.create(ended(requested(key, request, 1e9 + number), "Completed", 1e9 + number))
"""


def main(images: dict[str, str], _data: Path, _is_synthetic: bool) -> Figures:
    """Overhead beside local mode, and pages of a long list beside those of a short one."""
    figures = Figures("emulator", peer="the SDK's local mode; a list of as many jobs as a page holds")
    with running(images["emulator"], SEED) as control_plane:
        figures.note("seconds from start to first answer", round(control_plane.ready_seconds, 2))
        measure_overhead(figures, control_plane, images["preprocess"])
        measure_pages(figures, control_plane)
        figures.note("megabytes in use at the end", round(control_plane.memory_megabytes()))
    return figures


def measure_overhead(figures: Figures, control_plane: ControlPlane, image: str) -> None:
    """Seconds that a trivial processing job takes beyond `docker run`."""
    client = client_of(control_plane, MANY_REGION)
    bare, ours, peer = [], [], []
    with quiet(ROOT / "build" / "logs" / "bench-emulator.log"), local_processor(image) as run_locally:
        for _ in range(ROUNDS + 1):
            bare.append(seconds_of(lambda: run_bare(image)))
            ours.append(seconds_of(lambda: run_job(client, image)))
            peer.append(seconds_of(run_locally))
    # The first of each pays for what is cold.
    rounds = list(zip(bare, ours, peer, strict=True))[1:]
    figures.add(
        "seconds of a trivial processing job beyond docker run",
        [ours - bare for bare, ours, _ in rounds],
        [peer - bare for bare, _, peer in rounds],
    )
    figures.note("seconds of docker run", round(median(bare for bare, _, _ in rounds), 2))


def measure_pages(figures: Figures, control_plane: ControlPlane) -> None:
    """Milliseconds for a page of 100 jobs: the last page of many, and the only one of few."""
    many, few = (client_of(control_plane, region) for region in (MANY_REGION, FEW_REGION))
    token = last_page_token(many)

    def page_of_many() -> None:
        many.list_processing_jobs(MaxResults=100, NextToken=token)

    def page_of_few() -> None:
        few.list_processing_jobs(MaxResults=100)

    ours, peer = [], []
    for _ in range(PAGES + 1):
        ours.append(1000 * seconds_of(page_of_many))
        peer.append(1000 * seconds_of(page_of_few))
    figures.add(f"milliseconds for a page of 100 out of {MANY:,} jobs", ours[1:], peer[1:], digits=1)


def last_page_token(client: Any) -> str:
    """The token that leads to the last full page of all jobs."""
    tokens = [""]
    while tokens[-1] is not None:
        more = {"NextToken": tokens[-1]} if tokens[-1] else {}
        tokens.append(client.list_processing_jobs(MaxResults=100, **more).get("NextToken"))
    token: str = tokens[-3]
    return token


def client_of(control_plane: ControlPlane, region: str) -> Any:
    """A client of the emulator itself."""
    return boto3.client("sagemaker", endpoint_url=control_plane.endpoint_url, region_name=region)


def seconds_of(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_bare(image: str) -> None:
    """`docker run` of a program that does nothing."""
    subprocess.run(
        ["docker", "run", "--rm", "--label", LABEL, "--entrypoint", "true", image],
        check=True,
        capture_output=True,
    )


def create_job(client: Any, image: str, name: str) -> None:
    """Ask for the same as a processing job."""
    client.create_processing_job(
        ProcessingJobName=name,
        RoleArn="arn:aws:iam::000000000000:role/any",
        AppSpecification={"ImageUri": image, "ContainerEntrypoint": ["true"]},
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
    )


def run_job(client: Any, image: str) -> None:
    """The same as a processing job, to its end. Raises JobError where it fails."""
    name = f"bench-{uuid4().hex[:12]}"
    create_job(client, image, name)
    while (job := client.describe_processing_job(ProcessingJobName=name))[
        "ProcessingJobStatus"
    ] == "InProgress":
        threading.Event().wait(POLL_SECONDS)
    if job["ProcessingJobStatus"] != "Completed":
        raise JobError(f"{name}: {job.get('FailureReason')}")


@contextmanager
def local_processor(image: str) -> Iterator[Callable[[], object]]:
    """The same under the SDK's local mode: a function that runs it to its end."""
    from sagemaker.core.processing import Processor

    settings = Settings.from_environ(os.environ)
    buckets = boto_session(settings).client("s3", endpoint_url=settings.endpoint_url)
    buckets.create_bucket(Bucket=BUCKET)
    with (
        tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder,
        local_mode(settings, BUCKET, Path(folder), f"bench-{uuid4().hex[:8]}") as mode,
    ):
        processor = Processor(
            role=settings.role_arn,
            image_uri=image,
            entrypoint=["true"],
            instance_count=1,
            instance_type="local",
            sagemaker_session=mode.session,
        )
        yield lambda: processor.run(job_name=f"bench-{uuid4().hex[:12]}", wait=False, logs=False)
