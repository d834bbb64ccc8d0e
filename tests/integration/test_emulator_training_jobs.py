"""Training jobs really run: what they see, what they leave, and how they end."""

import io
import json
import tarfile
from typing import Any

import pytest

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_jobs import Jobs
from tests.support.output_shapes import complaints
from tests.support.train_xgb_data import ENCODER, TRAIN_CSV, VALIDATION_CSV

SAVES = "trap 'echo saved > /opt/ml/model/m; exit 0' TERM; touch /tmp/up; while :; do sleep 0.1; done"
AUC = {"Name": "validation:auc", "Regex": r"validation:auc=([0-9.]+);"}


@pytest.fixture(scope="module")
def jobs(emulator: Emulator, preprocess_image: str) -> Jobs:
    """Training jobs of the session's own emulator, whose image has a shell."""
    return Jobs(emulator, preprocess_image)


@pytest.fixture(scope="module")
def xgb(emulator: Emulator, train_xgb_image: str) -> Jobs:
    """Training jobs with the real algorithm, and its channels in the bucket."""
    jobs = Jobs(emulator, train_xgb_image)
    jobs.put(
        {
            "xgb/train/train.csv": TRAIN_CSV,
            "xgb/validation/validation.csv": VALIDATION_CSV,
            "xgb/encoder/encoder.json": json.dumps(ENCODER),
        }
    )
    return jobs


XGB_CHANNELS = {name: f"xgb/{name}/" for name in ("train", "validation", "encoder")}


def unpacked(archive: bytes) -> dict[str, bytes]:
    """The files of a tar.gz."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        members = [member for member in opened.getmembers() if member.isfile()]
        return {member.name.removeprefix("./"): _content(opened, member) for member in members}


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


def model_of(jobs: Jobs, described: dict[str, Any]) -> dict[str, bytes]:
    """The files of a job's model."""
    name = described["TrainingJobName"]
    # Contracts, 1.2.
    assert described["ModelArtifacts"] == {"S3ModelArtifacts": jobs.uri(f"models/{name}/output/model.tar.gz")}
    return unpacked(jobs.objects(f"models/{name}/output/model.tar.gz")[""])


def statuses(described: dict[str, Any]) -> list[str]:
    return [each["Status"] for each in described["SecondaryStatusTransitions"]]


def wait_for_trap(jobs: Jobs, name: str) -> None:
    container = jobs.running(name)
    wait_until(lambda: True if container.exec_run(["test", "-e", "/tmp/up"])[0] == 0 else None, "the trap")


def test_the_real_algorithm_trains(xgb: Jobs) -> None:
    name = xgb.train(
        None,
        channels=XGB_CHANNELS,
        algorithm={"MetricDefinitions": [AUC]},
        HyperParameters={"num_round": "12", "eta": "0.3"},
    )

    described = xgb.completed(name)

    assert sorted(model_of(xgb, described)) == ["encoder.json", "manifest.json", "model.ubj"]
    assert statuses(described) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    metrics = {each["MetricName"]: each["Value"] for each in described["FinalMetricDataList"]}
    assert 0.5 < metrics["validation:auc"] <= 1
    assert complaints("sagemaker", "DescribeTrainingJob", described) == []


def test_a_bad_hyperparameter_becomes_the_reason(xgb: Jobs) -> None:
    described = xgb.ended(xgb.train(None, channels=XGB_CHANNELS, HyperParameters={"eta": "fast"}))

    assert described["TrainingJobStatus"] == described["SecondaryStatus"] == "Failed"
    assert described["FailureReason"].startswith("AlgorithmError: ")
    assert "eta" in described["FailureReason"]


def test_a_failure_is_told_and_what_was_written_is_kept(jobs: Jobs) -> None:
    name = jobs.train("echo no rows > /opt/ml/output/failure; echo half > /opt/ml/model/m; exit 7")

    described = jobs.ended(name)

    # A recorded job's form (contracts, 1.6).
    assert described["FailureReason"] == "AlgorithmError: no rows, exit code: 7"
    assert model_of(jobs, described) == {"m": b"half\n"}
    assert statuses(described)[-2:] == ["Uploading", "Failed"]


def test_model_and_output_of_all_hosts_are_merged(jobs: Jobs) -> None:
    name = jobs.train("echo m > /opt/ml/model/$HOSTNAME; echo d > /opt/ml/output/data/$HOSTNAME", instances=2)

    described = jobs.completed(name)

    assert model_of(jobs, described) == {"algo-1": b"m\n", "algo-2": b"m\n"}
    output = unpacked(jobs.objects(f"models/{name}/output/output.tar.gz")[""])
    assert output == {"algo-1": b"d\n", "algo-2": b"d\n"}


def test_one_host_that_fails_ends_the_others(jobs: Jobs) -> None:
    name = jobs.train(
        "test $HOSTNAME = algo-2 && exit 4; trap 'exit 0' TERM; while :; do sleep 0.1; done", instances=2
    )

    described = jobs.ended(name)

    assert described["FailureReason"] == "AlgorithmError: , exit code: 4"
    assert jobs.containers(name) == []


def test_the_container_finds_what_the_guide_promises(jobs: Jobs) -> None:
    jobs.put({"files/a.csv": "1"})
    name = jobs.train(
        "cd /opt/ml; cp input/config/*.json model/; env > model/env; cp -r input/data model/",
        channels={"train": "files/"},
        HyperParameters={"a": "1"},
        Environment={"K": "V"},
    )

    model = model_of(jobs, jobs.completed(name))

    assert json.loads(model["hyperparameters.json"]) == {"a": "1"}
    assert json.loads(model["inputdataconfig.json"])["train"]["TrainingInputMode"] == "File"
    assert json.loads(model["resourceconfig.json"])["hosts"] == ["algo-1"]
    assert model["data/train/a.csv"] == b"1"
    environment = dict(line.split("=", 1) for line in model["env"].decode().splitlines())
    assert environment["TRAINING_JOB_NAME"] == name
    assert environment["TRAINING_JOB_ARN"] == jobs.describe(name)["TrainingJobArn"]
    assert environment["K"] == "V"


def test_a_fastfile_channel_is_there_and_cannot_be_written_to(jobs: Jobs) -> None:
    jobs.put({"fast/a.csv": "1"})

    name = jobs.train(
        "cd /opt/ml; cp input/data/fast/a.csv model/; touch input/data/fast/b 2> model/refusal; true",
        InputDataConfig=[jobs.channel("fast", "fast/", InputMode="FastFile")],
    )

    model = model_of(jobs, jobs.completed(name))
    assert model["a.csv"] == b"1"
    assert b"Read-only file system" in model["refusal"]


def test_a_stopped_job_saves_its_model(jobs: Jobs) -> None:
    name = jobs.train(SAVES)
    wait_for_trap(jobs, name)

    jobs.sagemaker.stop_training_job(TrainingJobName=name)

    described = jobs.ended(name)
    assert described["TrainingJobStatus"] == described["SecondaryStatus"] == "Stopped"
    assert model_of(jobs, described) == {"m": b"saved\n"}
    assert statuses(described)[-3:] == ["Stopping", "Uploading", "Stopped"]


def test_a_job_over_its_time_limit_is_stopped_and_not_failed(jobs: Jobs) -> None:
    described = jobs.ended(jobs.train(SAVES, StoppingCondition={"MaxRuntimeInSeconds": 3}))

    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == (
        "Stopped",
        "MaxRuntimeExceeded",
    )
    assert model_of(jobs, described) == {"m": b"saved\n"}
    assert described["TrainingTimeInSeconds"] >= 3


def test_checkpoints_are_brought_and_mirrored_with_their_deletions(jobs: Jobs) -> None:
    jobs.put({"checkpoints/1": "first", "checkpoints/gone": "old"})

    name = jobs.train(
        "cd /opt/ml/checkpoints; cp 1 2; rm gone",
        CheckpointConfig={"S3Uri": jobs.uri("checkpoints/")},
    )
    jobs.completed(name)

    assert jobs.objects("checkpoints/") == {"1": b"first", "2": b"first"}


def test_tensorboards_files_are_stored_where_the_sdk_looks_for_them(jobs: Jobs) -> None:
    name = jobs.train(
        "echo e > /opt/ml/output/tensorboard/events.$HOSTNAME",
        instances=2,
        TensorBoardOutputConfig={"S3OutputPath": jobs.uri("boards")},
    )
    jobs.completed(name)

    assert jobs.objects(f"boards/{name}/tensorboard-output/") == {
        "events.algo-1": b"e\n",
        "events.algo-2": b"e\n",
    }


def test_a_channel_without_objects_fails_before_anything_runs(jobs: Jobs) -> None:
    described = jobs.ended(jobs.train("true", channels={"train": "nothing/here/"}))

    assert "No S3 objects found under S3 URL" in described["FailureReason"]
    assert statuses(described) == ["Starting", "Downloading", "Failed"]
    assert "ModelArtifacts" not in described


def test_jobs_are_listed_as_they_are(jobs: Jobs) -> None:
    failed = jobs.train("exit 1", name="t-listed-failed")
    completed = jobs.train("true", name="t-listed-completed")
    jobs.ended(failed)
    jobs.ended(completed)

    listed = jobs.sagemaker.list_training_jobs(NameContains="t-listed", StatusEquals="Failed")

    assert [each["TrainingJobName"] for each in listed["TrainingJobSummaries"]] == [failed]
    assert complaints("sagemaker", "ListTrainingJobs", listed) == []
