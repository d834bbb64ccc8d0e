"""What end-to-end tests share: the AWS CLI with a trained model, and the verbs with a deployed one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.aws_cli import INSTANCES, ROLE, AwsCli, until_ended
from tests.support.bank_runs import FEW_ROUNDS, some_rows
from tests.support.compose_services import IMAGES, Services, a_record, asked, prediction, printed_request
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh
from tests.support.project_runs import Ended
from tests.support.train_xgb_data import ENCODER, TRAIN_CSV, VALIDATION_CSV


@pytest.fixture(scope="session")
def aws(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> AwsCli:
    return AwsCli(emulator.localstack.endpoint_url, tmp_path_factory.mktemp("aws"))


@pytest.fixture(scope="session")
def bucket(aws: AwsCli) -> str:
    name = fresh("cli")
    files = {
        "data/train/train.csv": TRAIN_CSV,
        "data/validation/validation.csv": VALIDATION_CSV,
        "data/encoder/encoder.json": json.dumps(ENCODER),
    }
    for path, text in files.items():
        (aws.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (aws.folder / path).write_text(text, encoding="utf-8")
    aws("s3", "mb", f"s3://{name}")
    aws("s3", "cp", "--recursive", "--only-show-errors", "data", f"s3://{name}/data")
    return name


@pytest.fixture(scope="session")
def trained(aws: AwsCli, bucket: str, train_xgb_image: str) -> dict[str, Any]:
    """A training job of the project's own image."""
    name = fresh("cli-trained")
    aws(
        *("sagemaker", "create-training-job"),
        training_job_name=name,
        role_arn=ROLE,
        algorithm_specification={
            "TrainingImage": train_xgb_image,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "validation:auc", "Regex": "validation:auc=([0-9.]+);"}],
        },
        hyper_parameters={"num_round": "20", "eta": "0.3"},
        input_data_config=[
            {
                "ChannelName": channel,
                "ContentType": content_type,
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/data/{channel}/"}
                },
            }
            for channel, content_type in (
                ("train", "text/csv"),
                ("validation", "text/csv"),
                ("encoder", "application/json"),
            )
        ],
        output_data_config={"S3OutputPath": f"s3://{bucket}/models"},
        resource_config=INSTANCES,
        stopping_condition={"MaxRuntimeInSeconds": 600},
    )
    return until_ended(aws, "training", name)


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A compose project; all of it is gone at the end."""
    made = Services(tmp_path_factory.mktemp("services"))
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="session")
def started(services: Services) -> str:
    """What `make api` says."""
    made = services.run("make", "api", f"IMAGE={IMAGES}", "PROJECT=bank")
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout


@pytest.fixture(scope="session")
def before_the_run(services: Services, started: str) -> list[Any]:
    """What the API says of its model, and to a record, where there is no endpoint yet."""
    return [asked(services, printed_request(started)), prediction(services, started, a_record())]


@pytest.fixture(scope="session")
def ran(services: Services, before_the_run: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The project's pipeline, after the API is up: its endpoint comes later."""
    assert before_the_run
    folder = tmp_path_factory.mktemp("rows")
    rows = folder / "rows.csv"
    rows.write_bytes(some_rows(folder, seed=1))
    ended = services.bank("run", *FEW_ROUNDS, "--data", str(rows), "--set", "metric.threshold=0.5")
    assert ended.returncode == 0, ended.all_that_it_said
    return ended
