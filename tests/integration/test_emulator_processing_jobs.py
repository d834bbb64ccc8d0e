"""Processing jobs really run: what they see, what they leave, and how they end."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_jobs import ROLE, Jobs, cluster
from tests.support.output_shapes import complaints
from tests.support.preprocess_data import NAME, SCHEMA, clients, csv_text, labelled_rows

UNTIL_STOPPED = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
# What `docker kill` leaves: 128 and SIGKILL's number.
KILLED = 137


@pytest.fixture(scope="module")
def jobs(emulator: Emulator, preprocess_image: str) -> Jobs:
    """Processing jobs of the session's own emulator."""
    return Jobs(emulator, preprocess_image)


def test_inputs_come_outputs_go_and_the_message_is_told(jobs: Jobs) -> None:
    jobs.put({"rows/a.csv": "1", "rows/deep/b.csv": "2"})

    name = jobs.process(
        "cp -r /opt/ml/processing/in/. /opt/ml/processing/out/; echo -n well done > /opt/ml/output/message",
        inputs={"in": "rows/"},
        outputs={"out": "copied"},
    )
    described = jobs.completed(name)

    assert jobs.objects("copied/") == {"a.csv": b"1", "deep/b.csv": b"2"}
    assert described["ExitMessage"] == "well done"
    assert "FailureReason" not in described
    assert described["CreationTime"] <= described["ProcessingStartTime"] <= described["ProcessingEndTime"]
    assert complaints("sagemaker", "DescribeProcessingJob", described) == []


def is_gone(jobs: Jobs, name: str) -> bool | None:
    return None if name in str(jobs.files_left()) else True


def test_nothing_is_left_of_a_job_that_has_ended(jobs: Jobs) -> None:
    for command in ("true", "false"):
        name = jobs.process(command)
        jobs.ended(name)

        assert jobs.containers(name) == []
        wait_until(partial(is_gone, jobs, name), "its files to go")


def test_the_preprocess_image_makes_the_channels(jobs: Jobs) -> None:
    rows = clients()
    jobs.put({f"raw/{NAME}": csv_text(rows), "schema/schema.json": json.dumps(SCHEMA)})
    folders = ("train", "validation", "test", "live", "keys", "encoder", "baseline", "schema", "report")

    name = jobs.process(
        "",
        inputs={"input/data": "raw/", "input/schema": "schema/schema.json"},
        outputs={f"output/{folder}": f"preprocessed/{folder}" for folder in folders},
        # The image's own entrypoint.
        AppSpecification={"ImageUri": jobs.image, "ContainerArguments": ["--seed", "3"]},
    )
    jobs.completed(name)

    made = jobs.objects("preprocessed/")
    assert json.loads(made["schema/schema.json"]) == SCHEMA
    parts = [len(labelled_rows(made[f"{part}/{part}.csv"])) for part in ("train", "validation", "test")]
    assert sum(parts) + len(labelled_rows(made["live/encoded.csv"])) == len(rows)


def test_a_failure_is_told_in_the_programs_own_words(jobs: Jobs) -> None:
    name = jobs.process(
        "echo half > /opt/ml/processing/out/f; echo -n no rows left > /opt/ml/output/message; exit 3",
        outputs={"out": "failed"},
    )

    described = jobs.ended(name)

    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"] == "AlgorithmError: no rows left, exit code: 3"
    assert described["ExitMessage"] == "no rows left"
    # As the SDK's local mode does it (contracts, 3).
    assert jobs.objects("failed/") == {"f": b"half\n"}


def test_a_failure_without_words_has_its_exit_code(jobs: Jobs) -> None:
    # A recorded job's text (contracts, 3).
    assert jobs.ended(jobs.process("exit 1"))["FailureReason"] == "AlgorithmError: , exit code: 1"


def test_a_message_that_is_no_text_fails_the_job(jobs: Jobs) -> None:
    described = jobs.ended(jobs.process("printf '\\377' > /opt/ml/output/message"))

    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("ClientError: /opt/ml/output/message")


def test_what_is_missing_is_named_with_the_way_out(jobs: Jobs) -> None:
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/none:1"
    no_image = jobs.process("true", AppSpecification={"ImageUri": uri})
    no_program = jobs.process(
        "", AppSpecification={"ImageUri": jobs.image, "ContainerEntrypoint": ["no-such-program"]}
    )
    no_object = jobs.process("true", inputs={"in": "nothing/here/"})

    reasons = [jobs.ended(name)["FailureReason"] for name in (no_image, no_program, no_object)]

    assert f"manifest for {uri} not found" in reasons[0]
    assert "SLIPWAY_IMAGE_MAP" in reasons[0]
    assert '"no-such-program": executable file not found' in reasons[1]
    assert "ContainerEntrypoint" in reasons[1]
    assert f'No S3 objects found under S3 URL "{jobs.uri("nothing/here/")}"' in reasons[2]


def test_an_image_of_another_registry_runs_by_its_repository_and_tag(jobs: Jobs) -> None:
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{jobs.image}"

    described = jobs.completed(
        jobs.process("", AppSpecification={"ImageUri": uri, "ContainerEntrypoint": ["true"]})
    )

    # Describe says what was asked for.
    assert described["AppSpecification"]["ImageUri"] == uri


def test_a_continuous_output_is_there_while_the_job_runs(jobs: Jobs) -> None:
    output = jobs.processing_output("out", "continuous", "Continuous")
    name = jobs.process(
        f"echo one > /opt/ml/processing/out/1; {UNTIL_STOPPED}", ProcessingOutputConfig={"Outputs": [output]}
    )

    seen = wait_until(lambda: jobs.objects("continuous/") or None, "the first file")

    assert seen == {"1": b"one\n"}
    assert jobs.status(name) == "InProgress"
    jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert jobs.ended(name)["ProcessingJobStatus"] == "Stopped"


def test_several_hosts_share_the_objects_and_find_each_other(jobs: Jobs) -> None:
    jobs.put({f"shards/{number}": str(number) for number in range(4)})
    found = "until getent hosts algo-1 && getent hosts algo-2; do sleep 0.1; done"

    name = jobs.process(
        f"{found}; ls /opt/ml/processing/in > /opt/ml/processing/out/$HOSTNAME; "
        "cp /opt/ml/config/resourceconfig.json /opt/ml/processing/out/$HOSTNAME.json; "
        # Nobody leaves before the other has found it.
        "sleep 2",
        outputs={"out": "hosts"},
        instances=2,
        ProcessingInputs=[jobs.processing_input("in", "shards/", S3DataDistributionType="ShardedByS3Key")],
    )
    jobs.completed(name)

    made = jobs.objects("hosts/")
    shares = [made["algo-1"].split(), made["algo-2"].split()]
    assert sorted(shares[0] + shares[1]) == [b"0", b"1", b"2", b"3"]
    assert [len(share) for share in shares] == [2, 2]
    assert json.loads(made["algo-2.json"]) == {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}


def test_a_network_of_its_own_goes_with_the_job(jobs: Jobs) -> None:
    networks = jobs.emulator.container.client.networks
    name = jobs.process(UNTIL_STOPPED, instances=2)
    container = jobs.running(name)
    private = set(container.attrs["NetworkSettings"]["Networks"]) - {jobs.emulator.network}

    jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    jobs.ended(name)

    assert len(private) == 1
    assert networks.list(names=sorted(private)) == []


def test_an_isolated_job_has_no_network_and_no_credentials(jobs: Jobs) -> None:
    told = "ls /sys/class/net > /opt/ml/output/message; env | grep ^AWS >> /opt/ml/output/message; true"

    name = jobs.process(told, NetworkConfig={"EnableNetworkIsolation": True})

    assert jobs.completed(name)["ExitMessage"] == "lo\n"


def test_a_job_reaches_aws_where_its_environment_says(jobs: Jobs) -> None:
    asked = (
        "import os, urllib.request as r; "
        "print(r.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/_localstack/health', timeout=30).status, "
        "os.environ['AWS_REGION'], os.environ['AWS_DEFAULT_REGION'], os.environ['K'], "
        "len(os.environ['AWS_ACCESS_KEY_ID']) > 0)"
    )
    name = jobs.process(
        "",
        AppSpecification={
            "ImageUri": jobs.image,
            "ContainerEntrypoint": ["sh", "-c", 'python -c "$PROGRAM" > /opt/ml/output/message'],
        },
        Environment={"K": "V", "PROGRAM": asked[:256]},
    )

    assert jobs.completed(name)["ExitMessage"] == "200 us-east-1 us-east-1 V True\n"


def test_a_container_has_the_instances_limits_and_no_rights_and_no_host_path(jobs: Jobs) -> None:
    name = jobs.process(UNTIL_STOPPED, outputs={"out": "limits"})
    attributes = jobs.running(name).attrs
    engine = jobs.emulator.container.client.info()

    jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    jobs.ended(name)

    host = attributes["HostConfig"]
    # ml.m5.large: 2 vCPU and 8 GiB, never more than the machine has.
    assert host["NanoCpus"] == min(2, engine["NCPU"]) * 10**9
    assert host["Memory"] == min(8 * 2**30, engine["MemTotal"])
    assert host["CapDrop"] == ["ALL"]
    assert not host["Privileged"]
    assert {mount["Type"] for mount in attributes["Mounts"]} == {"volume"}
    assert {mount["Name"] for mount in attributes["Mounts"]} == {jobs.emulator.jobs_volume}


def test_a_container_that_is_killed_has_failed(jobs: Jobs) -> None:
    name = jobs.process("sleep 600")

    jobs.running(name).kill("SIGKILL")

    described = jobs.ended(name)
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"] == f"AlgorithmError: , exit code: {KILLED}"


def test_a_container_that_is_removed_has_not_completed(jobs: Jobs) -> None:
    name = jobs.process("sleep 600")

    jobs.running(name).remove(force=True)

    assert jobs.ended(name)["ProcessingJobStatus"] == "Failed"


def test_a_container_without_enough_memory_is_told_so_in_awss_words(jobs: Jobs) -> None:
    name = jobs.process("tail /dev/zero")

    reason = jobs.ended(name)["FailureReason"]

    assert "Please use an instance type with more memory" in reason
    assert reason.endswith(f"exit code: {KILLED}")


def test_a_stopped_job_is_told_first_and_keeps_what_it_wrote(jobs: Jobs) -> None:
    name = jobs.process(
        "trap 'echo saved > /opt/ml/processing/out/f; exit 0' TERM; "
        "touch /tmp/up; while :; do sleep 0.1; done",
        outputs={"out": "stopped"},
    )
    container = jobs.running(name)
    wait_until(lambda: True if container.exec_run(["test", "-e", "/tmp/up"])[0] == 0 else None, "the trap")

    jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert jobs.status(name) in ("Stopping", "Stopped")

    assert jobs.ended(name)["ProcessingJobStatus"] == "Stopped"
    assert jobs.objects("stopped/") == {"f": b"saved\n"}


def test_a_job_is_stopped_at_its_time_limit(jobs: Jobs) -> None:
    described = jobs.ended(jobs.process(UNTIL_STOPPED, StoppingCondition={"MaxRuntimeInSeconds": 1}))

    assert described["ProcessingJobStatus"] == "Stopped"
    assert "FailureReason" not in described


def test_two_who_want_one_name_get_one_job(jobs: Jobs) -> None:
    def ask(_number: int) -> str:
        try:
            jobs.process("true", name="p-wanted")
        except jobs.sagemaker.exceptions.ResourceInUse:
            return "in use"
        return "created"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert sorted(answers) == ["created"] + ["in use"] * 7
    jobs.completed("p-wanted")


def test_jobs_wait_for_their_turn_and_one_that_waits_is_stopped_at_once(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(SLIPWAY_MAX_JOBS="1"), preprocess_image)
    first = jobs.process(UNTIL_STOPPED)
    jobs.running(first)
    stopped, waits = jobs.process("true"), jobs.process("true")

    jobs.sagemaker.stop_processing_job(ProcessingJobName=stopped)

    assert jobs.status(stopped) == "Stopped"
    assert jobs.status(waits) == "InProgress"
    assert len(jobs.emulator.job_containers()) == 1
    jobs.sagemaker.stop_processing_job(ProcessingJobName=first)
    jobs.completed(waits)
    assert "ProcessingStartTime" not in jobs.describe(stopped)


def test_many_jobs_all_end_well_and_leave_nothing(jobs: Jobs) -> None:
    names = [jobs.process("exit 0") for _ in range(30)]

    assert {jobs.ended(name)["ProcessingJobStatus"] for name in names} == {"Completed"}
    assert [each for name in names for each in jobs.containers(name)] == []


def test_a_failed_job_is_kept_for_a_look_where_that_is_wanted(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    jobs = Jobs(emulator_with(SLIPWAY_KEEP_FAILED="1"), preprocess_image)
    failed = jobs.process("echo half > /opt/ml/processing/out/f; exit 1", outputs={"out": "kept"})
    completed = jobs.process("true")
    jobs.ended(failed)
    jobs.completed(completed)

    jobs.emulator.kill()
    jobs.emulator.restart()

    kept = jobs.containers(failed)
    assert [each.attrs["State"]["ExitCode"] for each in kept] == [1]
    assert jobs.containers(completed) == []
    assert [path for path in jobs.files_left() if path.endswith("/algo-1/processing/out/f")]
    # Its name is free again once it is forgotten, and what is kept is not taken for the new one.
    jobs.sagemaker.delete_processing_job(ProcessingJobName=failed)
    jobs.process("true", name=failed)
    jobs.completed(failed)


def test_a_request_that_the_image_cannot_start_leaves_the_name_to_a_better_one(jobs: Jobs) -> None:
    request = {
        "ProcessingJobName": "p-again",
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": "no/such:image"},
        "ProcessingResources": {"ClusterConfig": cluster(1)},
    }
    jobs.sagemaker.create_processing_job(**request)
    jobs.ended("p-again")
    jobs.sagemaker.delete_processing_job(ProcessingJobName="p-again")

    jobs.process("true", name="p-again")

    jobs.completed("p-again")
