"""Endpoint configurations as boto3 sees them."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.endpoint_records import EndpointRecords, refused, variant

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/"


@pytest.fixture
def records(tmp_path: Path) -> EndpointRecords:
    records = EndpointRecords(tmp_path)
    records.create_model("churn")
    return records


def test_a_configuration_is_described_as_it_was_created(records: EndpointRecords) -> None:
    capture = {
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://b/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }

    arn = records.create_config("Config", DataCaptureConfig=capture)

    assert arn == f"{ARN}config"
    described = records.ask("DescribeEndpointConfig", EndpointConfigName="Config")
    assert described.pop("CreationTime").timestamp() == records.plane.clock.now()
    assert described == {
        "EndpointConfigName": "Config",
        "EndpointConfigArn": arn,
        # API reference: the weight "defaults to 1.0", EnableCapture "defaults to enabled".
        "ProductionVariants": [{**variant(), "InitialVariantWeight": 1.0}],
        "DataCaptureConfig": {**capture, "EnableCapture": True},
        "EnableNetworkIsolation": False,
    }


def test_a_name_is_given_once(records: EndpointRecords) -> None:
    records.create_config("config")

    with refused(f'Cannot create already existing endpoint configuration "{ARN}config".'):
        records.create_config("config")


@pytest.mark.parametrize("operation", ["DescribeEndpointConfig", "DeleteEndpointConfig"])
def test_a_configuration_that_is_not_there_is_named(records: EndpointRecords, operation: str) -> None:
    with refused(f'Could not find endpoint configuration "{ARN}config".'):
        records.ask(operation, EndpointConfigName="config")


def test_a_model_that_is_not_there_is_named(records: EndpointRecords) -> None:
    with refused('Could not find model "arn:aws:sagemaker:eu-west-1:123456789012:model/gone".'):
        records.create_config(variants=[variant(model="gone")])


@pytest.mark.parametrize(
    "variants",
    [
        [variant("A"), variant("A")],
        [{"VariantName": "A", "ModelName": "churn"}],
        [variant(ServerlessConfig={"MemorySizeInMB": 2048, "MaxConcurrency": 5})],
    ],
)
def test_variants_that_cannot_be_are_refused(records: EndpointRecords, variants: list[Any]) -> None:
    with refused(""):
        records.create_config(variants=variants)


def test_serverless_memory_comes_in_whole_gigabytes(records: EndpointRecords) -> None:
    def serverless(memory_mb: int) -> dict[str, Any]:
        config = {"MemorySizeInMB": memory_mb, "MaxConcurrency": 5}
        return {"VariantName": "A", "ModelName": "churn", "ServerlessConfig": config}

    # moto's tests expect the beginning of this text.
    with refused("Value '1111' at 'MemorySizeInMB' failed to satisfy constraint: Member must satisfy enum"):
        records.create_config("odd", variants=[serverless(1111)])

    assert records.create_config("even", variants=[serverless(2048)]) == f"{ARN}even"


def test_the_newest_comes_first_and_a_deleted_one_is_gone(records: EndpointRecords) -> None:
    for name in ("b", "a"):
        records.create_config(name)
        records.plane.clock.move(1)
    listed = records.ask("ListEndpointConfigs")["EndpointConfigs"]
    assert [each["EndpointConfigName"] for each in listed] == ["a", "b"]

    records.ask("DeleteEndpointConfig", EndpointConfigName="a")

    listed = records.ask("ListEndpointConfigs")["EndpointConfigs"]
    assert [each["EndpointConfigName"] for each in listed] == ["b"]
