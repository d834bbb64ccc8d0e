"""The AWS CLI, and what its sessions have in common: rows in S3 and a trained model."""

import json
from typing import Any

import pytest

from tests.support.aws_cli import INSTANCES, ROLE, AwsCli, until_ended
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh
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
