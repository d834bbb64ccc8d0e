"""What do pipelines cost beyond their containers, and how many executions go through?

Definitions of trivial steps, started by boto3 at an emulator of the
benchmark's own; `docker run` of the same commands is taken in the same round.
How long a project's whole pipeline takes beside local mode is run_overhead's
question.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.control_plane import POLL_SECONDS, ControlPlane, running
from benchmarks.emulator import client_of, run_bare, seconds_of
from benchmarks.figures import Figures
from benchmarks.jobs import LABEL, JobError

REGION = "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/any"
ROUNDS = 3
CHAIN = 10
SLEEP_SECONDS = 5
EXECUTIONS = 1000
CLIENTS = 4

Step = dict[str, Any]


def main(images: dict[str, str], _data: Path, _is_synthetic: bool) -> Figures:
    """Steps side by side, one after the other, cached, and executions by the thousand."""
    figures = Figures("pipelines", peer="docker run of the same commands; what a row names otherwise")
    image = images["preprocess"]
    with running(images["emulator"]) as control_plane:
        client = client_of(control_plane, REGION)
        measure_side_by_side(figures, client, image)
        measure_chain(figures, client, image)
        measure_cache(figures, client, image)
        measure_thousand(figures, client, control_plane)
    return figures


def measure_side_by_side(figures: Figures, client: Any, image: str) -> None:
    """Two independent steps of some seconds, and two containers at once."""
    command = ["sleep", str(SLEEP_SECONDS)]
    name = create(client, [processing(f"s{number}", image, command) for number in range(2)])

    def both_bare() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: run_bare_command(image, command), range(2)))

    ours, bare = rounds(lambda: run(client, name), both_bare)
    figures.add(f"seconds of two independent {SLEEP_SECONDS} s steps", ours, bare)


def measure_chain(figures: Figures, client: Any, image: str) -> None:
    """Ten steps, each waiting for the one before, and ten containers one after the other."""
    name = create(client, chain(image, str(uuid4())))

    def ten_bare() -> None:
        for _ in range(CHAIN):
            run_bare(image)

    ours, bare = rounds(lambda: run(client, name), ten_bare)
    figures.add(f"seconds of a chain of {CHAIN} trivial steps", ours, bare)
    beyond = [ours - bare for ours, bare in zip(ours, bare, strict=True)]
    figures.note("seconds of the chain beyond docker run", [round(each, 2) for each in beyond])


def measure_cache(figures: Figures, client: Any, image: str) -> None:
    """The chain again where every step finds its results, and where none does."""
    cached, run_anew = [], []
    for _ in range(ROUNDS):
        again = partial(run, client, create(client, chain(image, str(uuid4()), cached=True)))
        run_anew.append(1000 * seconds_of(again) / CHAIN)
        cached.append(1000 * seconds_of(again) / CHAIN)
    figures.add("milliseconds of a cached step, beside the same step run", cached, run_anew, digits=1)


def measure_thousand(figures: Figures, client: Any, control_plane: ControlPlane) -> None:
    """Executions of a condition alone, until the last has ended and until the last is accepted."""
    condition = {"Type": "Equals", "LeftValue": {"Get": "Execution.PipelineName"}, "RightValue": "other"}
    arguments = {"Conditions": [condition], "IfSteps": [], "ElseSteps": []}
    name = create(client, [{"Name": "Check", "Type": "Condition", "Arguments": arguments}])
    before = control_plane.memory_megabytes()
    accepted: list[float] = []

    def all_of_them() -> None:
        def start() -> None:
            with ThreadPoolExecutor(CLIENTS) as pool:
                list(
                    pool.map(lambda _: client.start_pipeline_execution(PipelineName=name), range(EXECUTIONS))
                )

        accepted.append(seconds_of(start))
        wait_for_all(client, name)

    seconds = seconds_of(all_of_them)
    figures.add(f"seconds of {EXECUTIONS:,} executions, beside their acceptance", [seconds], accepted)
    figures.note("executions a second", round(EXECUTIONS / seconds))
    figures.note("megabytes in use before them", round(before))
    figures.note("megabytes in use after them", round(control_plane.memory_megabytes()))


def rounds(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Seconds of both, in turn; the first round pays for what is cold and does not count."""
    taken = [(seconds_of(ours), seconds_of(peer)) for _ in range(ROUNDS + 1)][1:]
    return [ours for ours, _ in taken], [peer for _, peer in taken]


def processing(
    name: str,
    image: str,
    command: Iterable[str],
    depends_on: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    cached: bool = False,
) -> Step:
    """A Processing step of a definition."""
    arguments = {
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": list(command)},
        "Environment": dict(environment or {}),
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
        "RoleArn": ROLE,
    }
    cache = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"}} if cached else {}
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": arguments,
        "DependsOn": list(depends_on),
        **cache,
    }


def chain(image: str, mark: str, cached: bool = False) -> list[Step]:
    """Trivial steps one after the other; `mark` keeps their cache apart from others'."""
    return [
        processing(
            f"s{number}",
            image,
            ["true"],
            [f"s{number - 1}"] if number else [],
            {"MARK": f"{mark}-{number}"},
            cached,
        )
        for number in range(CHAIN)
    ]


def create(client: Any, steps: list[Step]) -> str:
    """A pipeline of these steps; returns its name."""
    name = f"bench-{uuid4().hex[:8]}"
    definition = json.dumps({"Version": "2020-12-01", "Steps": steps})
    client.create_pipeline(PipelineName=name, PipelineDefinition=definition, RoleArn=ROLE)
    return name


def run(client: Any, name: str) -> None:
    """An execution to its end. Raises JobError where it fails."""
    arn = client.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    while (execution := client.describe_pipeline_execution(PipelineExecutionArn=arn))[
        "PipelineExecutionStatus"
    ] == "Executing":
        threading.Event().wait(POLL_SECONDS)
    if execution["PipelineExecutionStatus"] != "Succeeded":
        steps = client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        raise JobError(f"{arn}: {[step.get('FailureReason') for step in steps]}")


def wait_for_all(client: Any, name: str) -> None:
    """Until no execution of a pipeline runs. Raises JobError where one did not succeed."""
    pages = client.get_paginator("list_pipeline_executions")

    def statuses() -> list[str]:
        return [
            each["PipelineExecutionStatus"]
            for page in pages.paginate(PipelineName=name)
            for each in page["PipelineExecutionSummaries"]
        ]

    while "Executing" in (found := statuses()):
        threading.Event().wait(10 * POLL_SECONDS)
    if set(found) != {"Succeeded"}:
        raise JobError(f"{name}: {found.count('Succeeded')} of {len(found)} executions succeeded")


def run_bare_command(image: str, command: list[str]) -> None:
    """`docker run` of a command."""
    entrypoint, *arguments = command
    subprocess.run(
        ["docker", "run", "--rm", "--label", LABEL, "--entrypoint", entrypoint, image, *arguments],
        check=True,
        capture_output=True,
    )
