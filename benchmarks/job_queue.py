"""Do 500 jobs that are asked for at once all end well, and how quickly beside `docker run` of each?

The peer runs the same container by hand, as many at a time as the emulator
does. Counted are Docker's own starts, not what the emulator says.
"""

import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from benchmarks.control_plane import POLL_SECONDS, ControlPlane, running
from benchmarks.emulator import MANY_REGION, client_of, create_job, run_bare
from benchmarks.figures import Figures
from benchmarks.jobs import JobError

JOBS = 500
AT_A_TIME = 4  # SLIPWAY_MAX_JOBS's default


def main(images: dict[str, str], _data: Path, _is_synthetic: bool) -> Figures:
    """All jobs once, and the same number of containers by hand."""
    figures = Figures("job_queue", peer=f"docker run of the same, {AT_A_TIME} at a time")
    image = images["preprocess"]
    with running(images["emulator"]) as control_plane:
        with counted_starts() as started_containers:
            ours = queued_seconds(control_plane, image)
        figures.note("jobs", JOBS)
        figures.note("containers started, by Docker's account", len(set(started_containers)))
        figures.note("megabytes in use at the end", round(control_plane.memory_megabytes()))
    started = time.perf_counter()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(lambda _number: run_bare(image), range(JOBS)))
    figures.add(f"seconds for {JOBS} jobs", [ours], [time.perf_counter() - started], digits=1)
    return figures


def queued_seconds(control_plane: ControlPlane, image: str) -> float:
    """From the first request to the last job's end. Raises JobError where one did not complete."""
    client = client_of(control_plane, MANY_REGION)
    prefix = f"queue-{uuid4().hex[:8]}"
    started = time.perf_counter()
    for number in range(JOBS):
        create_job(client, image, f"{prefix}-{number}")
    while client.list_processing_jobs(StatusEquals="InProgress", MaxResults=1)["ProcessingJobSummaries"]:
        threading.Event().wait(10 * POLL_SECONDS)
    seconds = time.perf_counter() - started
    pages = client.get_paginator("list_processing_jobs").paginate(
        NameContains=prefix, StatusEquals="Completed"
    )
    completed = sum(len(page["ProcessingJobSummaries"]) for page in pages)
    if completed != JOBS:
        raise JobError(f"{completed} of {JOBS} jobs completed")
    return seconds


@contextmanager
def counted_starts() -> Iterator[list[str]]:
    """The ids of the jobs' containers that the engine starts meanwhile; complete after the block.

    Followed while it happens: the engine remembers only its last 256 events.
    """
    filters = ["--filter", "event=start", "--filter", "label=slipway.resource", "--format", "{{.ID}}"]
    started: list[str] = []
    with tempfile.TemporaryFile("w+", encoding="ascii") as told:
        with subprocess.Popen(["docker", "events", *filters], stdout=told) as follower:
            yield started
            follower.terminate()
        told.seek(0)
        started += told.read().split()
