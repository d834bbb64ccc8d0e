"""Models as boto3 sees them."""

from pathlib import Path
from typing import Any

import pytest
from slipway.resources.resource import Key, Kind

from tests.support.endpoint_records import IMAGE, OWNER, EndpointRecords, refused

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model/"


@pytest.fixture
def records(tmp_path: Path) -> EndpointRecords:
    return EndpointRecords(tmp_path)


def test_a_model_is_described_as_it_was_created(records: EndpointRecords) -> None:
    arn = records.create_model("Churn", ModelDataUrl="s3://b/model.tar.gz", Environment={"K": "v"})

    assert arn == f"{ARN}churn"
    described = records.ask("DescribeModel", ModelName="Churn")
    assert described.pop("CreationTime").timestamp() == records.plane.clock.now()
    assert described == {
        "ModelName": "Churn",
        "ModelArn": arn,
        "PrimaryContainer": {
            "Image": IMAGE,
            "Mode": "SingleModel",
            "ModelDataUrl": "s3://b/model.tar.gz",
            "Environment": {"K": "v"},
        },
        "EnableNetworkIsolation": False,
    }


def test_a_name_is_given_once(records: EndpointRecords) -> None:
    records.create_model("churn")

    with refused(f'Cannot create already existing model "{ARN}churn".'):
        records.create_model("churn")


@pytest.mark.parametrize("operation", ["DescribeModel", "DeleteModel"])
def test_a_model_that_is_not_there_is_named(records: EndpointRecords, operation: str) -> None:
    with refused(f'Could not find model "{ARN}churn".'):
        records.ask(operation, ModelName="churn")


def test_a_deleted_model_is_gone_with_its_tags(records: EndpointRecords) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    arn = records.ask("CreateModel", ModelName="churn", PrimaryContainer={"Image": IMAGE}, Tags=tags)[
        "ModelArn"
    ]
    assert records.ask("ListTags", ResourceArn=arn)["Tags"] == tags

    records.ask("DeleteModel", ModelName="churn")

    assert records.ask("ListModels")["Models"] == []
    assert records.store.tags(arn) == []


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"PrimaryContainer": {"Image": IMAGE}, "Containers": [{"Image": IMAGE}]},
        {"PrimaryContainer": {"Environment": {"K": "v"}}},
        {"Containers": [{"Image": IMAGE, "ContainerHostname": "a"}] * 2},
        {"Containers": [{"Image": IMAGE}] * 2, "InferenceExecutionConfig": {"Mode": "Direct"}},
    ],
)
def test_what_cannot_serve_is_refused(records: EndpointRecords, parameters: dict[str, Any]) -> None:
    with refused(""):
        records.ask("CreateModel", ModelName="churn", **parameters)


def test_the_newest_comes_first(records: EndpointRecords) -> None:
    for name in ("b", "a", "c"):
        records.create_model(name)
        records.plane.clock.move(1)

    def names(**parameters: Any) -> list[str]:
        return [model["ModelName"] for model in records.ask("ListModels", **parameters)["Models"]]

    # The model on ListModels' SortOrder: "The default is Descending", and on SortBy: CreationTime.
    assert names() == ["c", "a", "b"]
    assert names(SortBy="Name", SortOrder="Ascending") == ["a", "b", "c"]
    assert names(NameContains="b") == ["b"]


def test_a_registered_version_gives_image_and_artefact_once_it_is_approved(records: EndpointRecords) -> None:
    group = {"ModelPackageGroupName": "churn"}
    records.ask("CreateModelPackageGroup", **group)
    inference = {
        "Containers": [
            {
                "Image": IMAGE,
                "ModelDataUrl": "s3://b/v1.tar.gz",
                "Environment": {"A": "package", "B": "package"},
            }
        ],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    package = records.ask("CreateModelPackage", **group, InferenceSpecification=inference)["ModelPackageArn"]
    container = {"ModelPackageName": package}
    with refused(""):
        records.ask("CreateModel", ModelName="early", Containers=[container])
    records.ask("UpdateModelPackage", ModelPackageArn=package, ModelApprovalStatus="Approved")

    records.ask("CreateModel", ModelName="churn", Containers=[container])

    described = records.ask("DescribeModel", ModelName="churn")
    assert described["Containers"][0]["ModelPackageName"] == package
    model = records.store.get(Key(OWNER, Kind.MODEL, "churn"))
    assert model is not None
    (resolved,) = model.internal["containers"]
    assert (resolved["Image"], resolved["ModelDataUrl"]) == (IMAGE, "s3://b/v1.tar.gz")
    assert resolved["Environment"] == {"A": "package", "B": "package"}
