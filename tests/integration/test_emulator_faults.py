"""What jobs come to when the control plane, a container, S3 or the network dies at the worst moment."""

import io
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from slipway.faults import FaultPoint

from tests.support.containers import let_go, wait_until
from tests.support.emulator import Emulator, running_emulator
from tests.support.emulator_jobs import Jobs
from tests.support.localstack import LocalStack

# Those of a job; those of pipeline executions and schedules are tested with these.
# The others are those of pipelines, schedules and monitoring, which have tests of their own.
OTHERS = ("step", "delivery", "monitoring")
POINTS = [point.value for point in FaultPoint if not any(word in point for word in OTHERS)]
KINDS = ["processing", "training"]
NAMES = {"processing": "p-fault", "training": "t-fault"}
# Members that differ between two runs of one job: times, and how long it took.
MOMENTS = ("Time", "Seconds", "Timestamp")
# Runs until somebody asks it to go on; its trace is in what it leaves.
WAITS = "until test -e /tmp/go; do sleep 0.05; done"


def start(jobs: Jobs, kind: str) -> str:
    """Ask for the job that is compared, as a client does that asks again after a broken connection."""
    jobs.put({"in/a.csv": "1", "in/b.csv": "2"})
    try:
        return ask(jobs, kind)
    except (ConnectionError, HTTPClientError):
        return NAMES[kind]


def ask(jobs: Jobs, kind: str) -> str:
    if kind == "processing":
        return jobs.process(
            "cd /opt/ml/processing; cp in/* one/; cat in/* > two/all; echo -n done > /opt/ml/output/message",
            inputs={"in": "in/"},
            outputs={"one": "results/one", "two": "results/two"},
            name=NAMES[kind],
        )
    return jobs.train(
        "cd /opt/ml; cp input/data/train/* model/; echo loss=0.25; echo d > output/data/d",
        channels={"train": "in/"},
        name=NAMES[kind],
        algorithm={"MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]},
        OutputDataConfig={"S3OutputPath": jobs.uri("results")},
    )


def exists(jobs: Jobs, name: str) -> bool:
    try:
        jobs.describe(name)
    except ClientError:
        return False
    return True


def without_moments(value: Any) -> Any:
    """A description without what differs between any two runs."""
    if isinstance(value, dict):
        return {name: without_moments(item) for name, item in value.items() if not name.endswith(MOMENTS)}
    return [without_moments(item) for item in value] if isinstance(value, list) else value


def result(jobs: Jobs, name: str) -> tuple[str, dict[str, Any]]:
    """Describe and S3 once a job has ended, comparable between emulators."""
    described = str(without_moments(jobs.ended(name))).replace(jobs.emulator.bucket, "BUCKET")
    return described, {key: unpacked(content) for key, content in jobs.objects("results/").items()}


def unpacked(content: bytes) -> Any:
    """An archive's files; anything else as it is."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        return sorted((member.name, member.size) for member in archive.getmembers() if member.isfile())


def starts(jobs: Jobs, name: str) -> int:
    """How often a container of a job was started, by the engine's own account."""
    described = jobs.describe(name)
    return jobs.emulator.starts.by_resource()[
        described.get("ProcessingJobArn") or described["TrainingJobArn"]
    ]


@pytest.fixture(scope="module")
def undisturbed(emulator: Emulator, preprocess_image: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """What each kind of job comes to when nothing happens."""
    jobs = Jobs(emulator, preprocess_image)
    results = {}
    for kind in KINDS:
        results[kind] = result(jobs, start(jobs, kind))
        for key in jobs.objects("results/"):
            emulator.s3.delete_object(Bucket=emulator.bucket, Key=f"results/{key}")
    assert "'Completed'" in results["processing"][0]
    assert "'Completed'" in results["training"][0]
    return results


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", POINTS)
def test_a_control_plane_that_is_killed_changes_no_result(
    point: str,
    kind: str,
    emulator_with: Callable[..., Emulator],
    preprocess_image: str,
    undisturbed: dict[str, tuple[str, dict[str, Any]]],
) -> None:
    jobs = Jobs(emulator_with(SLIPWAY_FAULT=point), preprocess_image)
    name = start(jobs, kind)
    died = jobs.emulator.container.wait()["StatusCode"]

    jobs.emulator.restart()
    if not exists(jobs, name):
        # Killed before the job was acknowledged.
        assert point == FaultPoint.AFTER_CREATE
        ask(jobs, kind)

    assert died == 137
    assert result(jobs, name) == undisturbed[kind]
    assert starts(jobs, name) == 1
    assert jobs.emulator.job_containers() == []
    wait_until(lambda: True if name not in str(jobs.files_left()) else None, "its files to go")


def test_a_container_that_ends_while_nobody_watches_keeps_its_result(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(), preprocess_image)
    good = jobs.process(f"{WAITS}; echo -n well > /opt/ml/output/message")
    bad = jobs.process(f"{WAITS}; echo -n badly > /opt/ml/output/message; exit 5")
    containers = [jobs.running(good), jobs.running(bad)]

    jobs.emulator.kill()
    for container in containers:
        let_go(container)
        container.wait()
    jobs.emulator.restart()

    assert jobs.completed(good)["ExitMessage"] == "well"
    assert jobs.ended(bad)["FailureReason"] == "AlgorithmError: badly, exit code: 5"
    assert [starts(jobs, name) for name in (good, bad)] == [1, 1]
    assert jobs.emulator.job_containers() == []


def test_a_container_that_is_ended_while_nobody_watches_is_no_failure_of_its_program(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(), preprocess_image)
    once = jobs.train(f"{WAITS}; exit 3")
    # The second attempt finds what the first one left in the checkpoints, and ends well.
    again = jobs.train(
        f"test -e /opt/ml/checkpoints/seen && exit 0; touch /opt/ml/checkpoints/seen; {WAITS}; exit 3",
        RetryStrategy={"MaximumRetryAttempts": 1},
        CheckpointConfig={"S3Uri": jobs.uri("checkpoints")},
    )
    containers = [jobs.running(name) for name in (once, again)]
    wait_until(
        lambda: True if any(key.endswith("seen") for key in jobs.objects("checkpoints")) else None,
        "a checkpoint",
    )

    jobs.emulator.kill()
    for container in containers:
        container.kill()
        container.wait()
    jobs.emulator.restart()

    # AWS's words and RetryStrategy's meaning (API reference): InternalServerError alone is retried.
    assert jobs.ended(once)["FailureReason"].startswith("InternalServerError: ")
    assert jobs.ended(again)["TrainingJobStatus"] == "Completed"


def test_a_job_that_runs_over_a_restart_is_stopped_by_the_next_process(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(), preprocess_image)
    name = jobs.train(
        "trap 'echo saved > /opt/ml/model/m; exit 0' TERM; touch /tmp/up; while :; do sleep 0.1; done"
    )
    container = jobs.running(name)
    wait_until(lambda: True if container.exec_run(["test", "-e", "/tmp/up"])[0] == 0 else None, "the trap")
    jobs.emulator.kill()
    jobs.emulator.restart()

    jobs.sagemaker.stop_training_job(TrainingJobName=name)

    described = jobs.ended(name)
    assert described["SecondaryStatus"] == "Stopped"
    assert described["ModelArtifacts"]["S3ModelArtifacts"].endswith(f"{name}/output/model.tar.gz")


def test_it_ends_at_once_and_its_jobs_go_on(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(), preprocess_image)
    name = jobs.process(WAITS)
    container = jobs.running(name)

    # SIGTERM, and SIGKILL a minute later.
    jobs.emulator.container.stop(timeout=60)

    # 128 and SIGKILL's number would say that it waited for the job.
    assert jobs.emulator.container.wait()["StatusCode"] == 0
    container.reload()
    assert container.status == "running"
    let_go(container)
    jobs.emulator.restart()
    jobs.completed(name)


def test_jobs_that_wait_are_all_carried_out_after_a_restart(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(SLIPWAY_MAX_JOBS="1"), preprocess_image)
    names = [jobs.process(WAITS if number == 0 else "true") for number in range(5)]
    first = jobs.running(names[0])

    jobs.emulator.kill()
    let_go(first)
    jobs.emulator.restart()

    for name in names:
        jobs.completed(name)
    assert [starts(jobs, name) for name in names] == [1] * 5


def test_s3_that_is_away_for_a_while_is_waited_for(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    emulator = emulator_with()
    jobs = Jobs(emulator, preprocess_image)
    name = jobs.process(f"{WAITS}; echo kept > /opt/ml/processing/out/f", outputs={"out": "late"})
    container = jobs.running(name)
    network = emulator.container.client.networks.get(emulator.network)

    network.disconnect(emulator.localstack.container.id)
    try:
        let_go(container)
        wait_until(lambda: True if "s3.retry" in emulator.logs() else None, "S3 to be missed")
        assert jobs.status(name) == "InProgress"
    finally:
        network.connect(emulator.localstack.container.id, aliases=["localstack"])

    jobs.completed(name)
    assert jobs.objects("late/") == {"f": b"kept\n"}


def test_a_full_disk_fails_the_job_that_fills_it_and_no_other(
    emulator_image: str, localstack: LocalStack, preprocess_image: str
) -> None:
    fills = "head -c 5000000 /dev/zero > /opt/ml/processing/out/f || exit 9"
    with running_emulator(emulator_image, localstack, name="full", jobs_megabytes=3) as emulator:
        jobs = Jobs(emulator, preprocess_image)
        jobs.put({"large/a": b"x" * 5_000_000})

        input_too_large = jobs.ended(jobs.process("true", inputs={"in": "large/"}))
        output_too_large = jobs.ended(jobs.process(fills, outputs={"out": "full"}))

        assert "No space left on device" in input_too_large["FailureReason"]
        assert output_too_large["FailureReason"] == "AlgorithmError: , exit code: 9"
        jobs.completed(jobs.process("true"))
        assert jobs.emulator.job_containers() == []


def test_a_thousand_questions_are_answered_while_jobs_run(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(), preprocess_image)
    names = [jobs.process(WAITS) for _ in range(4)]
    containers = [jobs.running(name) for name in names]

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: jobs.status(names[number % 4]), range(1000)))

    assert answers == ["InProgress"] * 1000
    for container in containers:
        let_go(container)
    for name in names:
        jobs.completed(name)


def test_emptying_the_control_plane_ends_what_runs(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(SLIPWAY_ALLOW_RESET="1"), preprocess_image)
    container = jobs.running(jobs.process("sleep 600"))

    answered = jobs.emulator.container.exec_run(
        [
            "python",
            "-c",
            "import urllib.request as r; "
            "r.urlopen(r.Request('http://127.0.0.1:4500/_slipway/reset', method='POST'))",
        ]
    )

    assert answered.exit_code == 0, answered.output
    wait_until(lambda: None if jobs.emulator.job_containers() else True, f"{container.id} to go")
    assert jobs.sagemaker.list_processing_jobs()["ProcessingJobSummaries"] == []


def test_what_an_earlier_control_plane_left_is_removed_at_the_start(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(), preprocess_image)
    name = jobs.process("sleep 600")
    jobs.running(name)
    jobs.emulator.kill()
    # The store is lost, and with it whoever knew of the container.
    jobs.emulator.container.start()
    jobs.emulator.wait_until_healthy()
    assert len(jobs.emulator.job_containers()) == 1
    jobs.emulator.container.exec_run(["rm", "-f", "/var/lib/slipway/state/slipway.db"])
    jobs.emulator.kill()

    jobs.emulator.restart()

    assert jobs.emulator.job_containers() == []
    assert jobs.files_left() == []
