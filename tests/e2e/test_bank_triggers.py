"""What starts without anybody's hand: new rows make a version, a decision changes the endpoint."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.bank_runs import ENDPOINT, FEW_ROUNDS, PIPELINE, WITHOUT_MONITORS, Bank, some_rows
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh, queue_in, received


@pytest.fixture(scope="module")
def bank(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """A project that has been run once, on rows of which a few suffice: a version serves, rules watch."""
    folder = tmp_path_factory.mktemp("triggers")
    rows = folder / "rows.csv"
    rows.write_bytes(some_rows(folder, seed=100))
    bank = Bank(emulator.localstack, folder / "build")
    few = (*FEW_ROUNDS, *WITHOUT_MONITORS)
    ended = bank("run", *few, "--data", str(rows), "--set", "metric.threshold=0.5")
    assert ended.returncode == 0, ended.all_that_it_said
    return bank


@pytest.fixture(scope="module")
def pending(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A version that an upload has made and that nobody has decided about."""
    before = len(bank.executions())
    bank.upload("pending.csv", some_rows(tmp_path_factory.mktemp("pending"), seed=101))
    assert bank.execution_after(before)["PipelineExecutionStatus"] == "Succeeded"
    return max(bank.versions())


def uploaded(bank: Bank, name: str, body: bytes) -> tuple[dict[str, Any], str]:
    """The execution that an upload starts, once it has ended, and the object's version."""
    before = len(bank.executions())
    version = bank.upload(name, body)
    return bank.execution_after(before), version


def test_new_rows_become_a_version_without_anybodys_hand(bank: Bank, tmp_path: Path) -> None:
    before, body = bank.versions(), some_rows(tmp_path, seed=1)

    execution, version = uploaded(bank, "new.csv", body)

    assert execution["PipelineExecutionStatus"] == "Succeeded"
    (number,) = set(bank.versions()) - set(before)
    package = bank.version(number)
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    execution_id = execution["PipelineExecutionArn"].rpartition("/")[2]
    # Its rows are others, its categories are not: the same group, another encoder.
    (group,) = bank.encoding_groups()
    assert package["CustomerMetadataProperties"] == {
        "data-sha256": hashlib.sha256(body).hexdigest(),
        "data-version": version,
        "pipeline-execution-id": execution_id,
        "feature-group-name": group,
        "encoder-uri": f"s3://slipway-bank/executions/{execution_id}/preprocess/encoder/encoder.json",
    }
    # Nobody has approved it: what served goes on.
    assert bank.served_version() in before


def test_overwriting_an_object_makes_another_model(bank: Bank, tmp_path: Path) -> None:
    # The cache's key has the object's URI in it, which stays the same, and not its bytes.
    first_rows, second_rows = some_rows(tmp_path, seed=2), some_rows(tmp_path, seed=3)
    uploaded(bank, "again.csv", first_rows)
    first = bank.version(max(bank.versions()))

    execution, _ = uploaded(bank, "again.csv", second_rows)

    second = bank.version(max(bank.versions()))
    assert [name for name, step in bank.steps(execution).items() if "CacheHitResult" in step] == []
    digests = [package["CustomerMetadataProperties"]["data-sha256"] for package in (first, second)]
    assert digests == [hashlib.sha256(rows).hexdigest() for rows in (first_rows, second_rows)]
    assert model_uri(first) != model_uri(second)


def model_uri(package: dict[str, Any]) -> str:
    uri: str = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    return uri


def test_broken_rows_fail_in_readable_words_send_an_event_and_register_nothing(
    bank: Bank, tmp_path: Path
) -> None:
    before = bank.versions()
    queue = listening(bank, "Failed")

    execution, _ = uploaded(bank, "broken.csv", some_rows(tmp_path, seed=4).replace(b"age", b"years", 1))

    assert execution["PipelineExecutionStatus"] == "Failed"
    steps = bank.steps(execution)
    # Ingest needs no rows.
    assert set(steps) == {"preprocess", "ingest"}
    assert "broken.csv: missing column 'age'" in steps["preprocess"]["FailureReason"]
    event = json.loads(received(bank.localstack, queue))
    assert event["detail"]["pipelineExecutionArn"] == execution["PipelineExecutionArn"]
    assert event["detail"]["currentPipelineExecutionStatus"] == "Failed"
    assert bank.versions() == before


def listening(bank: Bank, status: str) -> str:
    """A queue that gets the events of the pipeline's executions that come to `status`."""
    url, arn = queue_in(bank.localstack)
    events, name = bank.localstack.client("events"), fresh("executions")
    pipeline = bank.sagemaker.describe_pipeline(PipelineName=PIPELINE)["PipelineArn"]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Building Pipeline Execution Status Change"],
        "detail": {"pipelineArn": [pipeline], "currentPipelineExecutionStatus": [status]},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def test_an_object_elsewhere_in_the_bucket_starts_nothing(bank: Bank, tmp_path: Path) -> None:
    before = len(bank.executions())
    bank.localstack.client("s3").put_object(Bucket="slipway-bank", Key="elsewhere/rows.csv", Body=b"x")

    # The next object that is watched starts the next execution, and that one alone.
    execution, _ = uploaded(bank, "watched.csv", some_rows(tmp_path, seed=5))

    assert len(bank.executions()) == before + 1
    described = bank.sagemaker.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )["PipelineParameters"]
    assert {"Name": "DataKey", "Value": "incoming/watched.csv"} in described


def test_approving_deploys_and_rejecting_goes_back(bank: Bank, pending: int) -> None:
    served = bank.served_version()

    approved = bank("approve", "--version", str(pending))
    assert approved.returncode == 0, approved.all_that_it_said
    assert bank.served_version() == pending
    record = approved.written("approve")
    assert (record["version"], record["before"], record["status"]) == (
        pending,
        "PendingManualApproval",
        "Approved",
    )
    assert record["endpoint"]["model_package_arn"] == bank.version(pending)["ModelPackageArn"]

    rejected = bank("reject", "--version", str(pending))
    assert rejected.returncode == 0, rejected.all_that_it_said
    assert bank.versions()[pending] == "Rejected"
    assert bank.served_version() == served
    assert f"serves version {served}, the newest that is Approved" in rejected.stdout
    assert_nothing_of_it_is_left(bank)


def assert_nothing_of_it_is_left(bank: Bank) -> None:
    """One model and one configuration are there for one endpoint, the function's own account included."""

    def look() -> bool | None:
        models = bank.sagemaker.list_models(NameContains=ENDPOINT)["Models"]
        configs = bank.sagemaker.list_endpoint_configs(NameContains=ENDPOINT)["EndpointConfigs"]
        return True if len(models) == len(configs) == 1 else None

    wait_until(look, "the models and configurations of earlier versions to be tidied")


@pytest.mark.parametrize(
    ("verb", "arguments", "said"),
    [
        ("approve", ("--version", "9999"), "slipway-bank has no version 9999; there are: "),
        ("reject", ("--version", "9999"), "slipway-bank has no version 9999; there are: "),
    ],
)
def test_a_version_that_is_not_there_is_answered_with_those_that_are(
    bank: Bank, verb: str, arguments: tuple[str, ...], said: str
) -> None:
    ended = bank(verb, *arguments)

    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_decided_already_is_not_decided_again(bank: Bank) -> None:
    ended = bank("approve", "--version", str(bank.served_version()))

    assert ended.returncode == 1
    assert "is Approved already; nothing was changed" in ended.stderr


def test_without_a_service_the_way_out_is_said(bank: Bank) -> None:
    ended = bank("approve", AWS_ENDPOINT_URL="http://127.0.0.1:1")

    assert ended.returncode == 1
    assert "make up" in ended.stderr
