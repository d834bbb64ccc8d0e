"""`make logs`: a job's lines from CloudWatch Logs, while it runs and afterwards."""

import os
import subprocess
import sys
from typing import Any

import pytest

from scripts.commands import ROOT
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh

ROLE_ARN = "arn:aws:iam::000000000000:role/any"


def command(emulator: Emulator, *arguments: str) -> tuple[list[str], dict[str, str]]:
    environment = os.environ | {
        "AWS_ENDPOINT_URL": emulator.localstack.endpoint_url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
    }
    return [sys.executable, "-m", "scripts.logs", *arguments], environment


def logs(emulator: Emulator, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv, environment = command(emulator, *arguments)
    return subprocess.run(argv, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


def start(emulator: Emulator, image: str, script: str, hosts: int = 1) -> str:
    """A processing job that runs a line of shell; its name."""
    name = fresh("job")
    emulator.client("sagemaker").create_processing_job(
        ProcessingJobName=name,
        AppSpecification={"ImageUri": image, "ContainerEntrypoint": ["sh", "-c", script]},
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": hosts, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
        },
        RoleArn=ROLE_ARN,
    )
    return name


def finished(emulator: Emulator, name: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = emulator.client("sagemaker").describe_processing_job(ProcessingJobName=name)
        return None if job["ProcessingJobStatus"] == "InProgress" else job

    return wait_until(look, f"{name} to end")


def test_the_lines_of_a_job_that_has_ended_come_once_and_in_order(
    emulator: Emulator, preprocess_image: str
) -> None:
    name = start(emulator, preprocess_image, "echo first; echo second >&2; echo; echo third")
    job = finished(emulator, name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")

    outcome = logs(emulator, name)

    assert outcome.returncode == 0, outcome.stderr
    assert sorted(outcome.stdout.splitlines()) == ["first", "second", "third"]
    # What goes to two streams at once may change places; one stream's order stays.
    assert outcome.stdout.index("first") < outcome.stdout.index("third")


def test_several_hosts_are_told_apart(emulator: Emulator, preprocess_image: str) -> None:
    name = start(emulator, preprocess_image, "hostname", hosts=2)
    finished(emulator, name)

    told = sorted(logs(emulator, name).stdout.splitlines())

    assert told == ["algo-1 | algo-1", "algo-2 | algo-2"]


def test_following_shows_lines_as_they_come_and_ends_with_the_job(
    emulator: Emulator, preprocess_image: str
) -> None:
    # It ends when somebody has read the first line, and stops it.
    name = start(emulator, preprocess_image, "echo ready; trap 'echo stopped; exit 0' TERM; sleep 600 & wait")
    argv, environment = command(emulator, name, "--follow")
    with subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"

        emulator.client("sagemaker").stop_processing_job(ProcessingJobName=name)

        assert reader.stdout.read() == "stopped\n"
        assert reader.wait() == 0


@pytest.mark.parametrize("follow", [[], ["--follow"]])
def test_a_name_that_nobody_has_says_so(emulator: Emulator, follow: list[str]) -> None:
    outcome = logs(emulator, "nobody", *follow)

    assert outcome.returncode == 1
    assert outcome.stderr == "nobody has said nothing\n"
