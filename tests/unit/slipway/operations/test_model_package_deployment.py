"""What a model is that names a package."""

from typing import Any

import pytest
from slipway.errors import ValidationException
from slipway.resources.resource import Owner

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane
from tests.support.registry import IMAGE, SPECIFICATION_ALONE, version

OWNER = Owner(ACCOUNT, REGION)


def test_an_approved_version_is_its_image_artefact_and_environment(
    sagemaker: Any, plane: ControlPlane
) -> None:
    arn = version(sagemaker, ModelApprovalStatus="Approved")

    container = plane.packages.resolve_container(
        OWNER, {"ModelPackageName": arn, "Environment": {"A": "2", "B": "3"}}
    )

    assert container == {
        "ModelPackageName": arn,
        "Image": IMAGE,
        "ModelDataUrl": "s3://bucket/model.tar.gz",
        "Environment": {"A": "2", "B": "3"},
    }


@pytest.mark.parametrize("approval", ["PendingManualApproval", "Rejected"])
def test_a_version_that_is_not_approved_is_no_model(
    sagemaker: Any, plane: ControlPlane, approval: str
) -> None:
    arn = version(sagemaker, ModelApprovalStatus=approval)

    with pytest.raises(ValidationException, match=f"{arn} is {approval}, not Approved"):
        plane.packages.resolve_container(OWNER, {"ModelPackageName": arn})


def test_a_package_without_a_group_needs_no_approval(sagemaker: Any, plane: ControlPlane) -> None:
    sagemaker.create_model_package(ModelPackageName="alone", InferenceSpecification=SPECIFICATION_ALONE)

    assert plane.packages.resolve_container(OWNER, {"ModelPackageName": "alone"})["Image"] == IMAGE


def test_an_additional_specification_is_taken_by_its_name(sagemaker: Any, plane: ControlPlane) -> None:
    neo = {"Name": "neo", "Containers": [{"Image": "other", "ModelDataUrl": "s3://bucket/neo.tar.gz"}]}
    arn = version(sagemaker, ModelApprovalStatus="Approved", AdditionalInferenceSpecifications=[neo])

    named = {"ModelPackageName": arn, "InferenceSpecificationName": "neo"}
    assert plane.packages.resolve_container(OWNER, named)["ModelDataUrl"] == "s3://bucket/neo.tar.gz"
    with pytest.raises(ValidationException, match="no inference specification named none"):
        plane.packages.resolve_container(OWNER, {**named, "InferenceSpecificationName": "none"})


@pytest.mark.parametrize(
    ("containers", "told"),
    [
        ([{"Image": "a"}, {"Image": "b"}], "has 2 containers"),
        ([{"ModelDataUrl": "s3://b/m"}], "names no image"),
    ],
)
def test_a_version_that_one_container_cannot_be_is_refused(
    sagemaker: Any, plane: ControlPlane, containers: list[dict[str, str]], told: str
) -> None:
    specification = {"Containers": containers}
    arn = version(sagemaker, ModelApprovalStatus="Approved", InferenceSpecification=specification)

    with pytest.raises(ValidationException, match=told):
        plane.packages.resolve_container(OWNER, {"ModelPackageName": arn})


def test_a_container_without_a_package_stays_as_it_is(plane: ControlPlane) -> None:
    container = {"Image": "image"}

    assert plane.packages.resolve_container(OWNER, container) is container
