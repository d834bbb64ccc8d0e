"""UpdateModelPackage: approvals, metadata, specifications."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.registry import SPECIFICATION, refused, version


def test_an_update_with_one_token_is_made_once(sagemaker: Any, plane: ControlPlane) -> None:
    arn = version(sagemaker)
    update = {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved", "ClientToken": "token-1"}
    sagemaker.update_model_package(**update)
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")

    sagemaker.update_model_package(**update)

    assert sagemaker.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == "Rejected"


STATUSES = ("PendingManualApproval", "Approved", "Rejected")
# Developer guide, "Update the Approval Status of a Model".
ALLOWED = {
    ("PendingManualApproval", "Approved"),
    ("PendingManualApproval", "Rejected"),
    ("Rejected", "Approved"),
    ("Approved", "Rejected"),
}


@pytest.mark.parametrize("after", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
def test_approvals_follow_each_other_as_the_guide_says(sagemaker: Any, before: str, after: str) -> None:
    arn = version(sagemaker, ModelApprovalStatus=before)

    if before == after or (before, after) in ALLOWED:
        sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus=after, ApprovalDescription="reason"
        )
        described = sagemaker.describe_model_package(ModelPackageName=arn)
        assert (described["ModelApprovalStatus"], described["ApprovalDescription"]) == (after, "reason")
    else:
        code, message = refused(
            sagemaker.update_model_package, ModelPackageArn=arn, ModelApprovalStatus=after
        )
        assert code == "ValidationException"
        assert f"cannot change from {before} to {after}" in message
    listed = sagemaker.list_model_packages(ModelPackageGroupName="churn", ModelApprovalStatus=after)
    is_after = before == after or (before, after) in ALLOWED
    assert [one["ModelPackageArn"] for one in listed["ModelPackageSummaryList"]] == [arn] * is_after


def test_an_update_changes_what_it_names_and_leaves_the_rest(sagemaker: Any, plane: ControlPlane) -> None:
    arn = version(sagemaker, CustomerMetadataProperties={"old": "1", "kept": "2"})
    plane.clock.move(60)
    specification = {"Name": "neo", "Containers": [{"Image": "other"}]}
    life_cycle = {"Stage": "Staging", "StageStatus": "InReview", "StageDescription": "soon"}

    sagemaker.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"new": "3"},
        CustomerMetadataPropertiesToRemove=["old", "not there"],
        AdditionalInferenceSpecificationsToAdd=[specification],
        ModelLifeCycle=life_cycle,
        SourceUri="s3://bucket/source",
    )

    described = sagemaker.describe_model_package(ModelPackageName=arn)
    assert described["CustomerMetadataProperties"] == {"kept": "2", "new": "3"}
    assert described["AdditionalInferenceSpecifications"] == [specification]
    assert described["ModelLifeCycle"] == life_cycle
    assert described["SourceUri"] == "s3://bucket/source"
    assert described["InferenceSpecification"] == SPECIFICATION
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["LastModifiedTime"] == datetime.fromtimestamp(plane.clock.seconds, UTC)
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataPropertiesToRemove=["kept", "new"])
    assert "CustomerMetadataProperties" not in sagemaker.describe_model_package(ModelPackageName=arn)


def test_more_than_a_package_may_have_is_refused_and_changes_nothing(sagemaker: Any) -> None:
    metadata = {f"key-{number}": "x" for number in range(50)}
    arn = version(sagemaker, CustomerMetadataProperties=metadata)
    before = sagemaker.describe_model_package(ModelPackageName=arn)
    specification = {"Name": "neo", "Containers": [{"Image": "other"}]}
    names = [{**specification, "Name": f"neo-{number}"} for number in range(15)]

    for parameters in (
        {"CustomerMetadataProperties": {"one": "more"}},
        {"AdditionalInferenceSpecificationsToAdd": [specification, specification]},
    ):
        code, _message = refused(sagemaker.update_model_package, ModelPackageArn=arn, **parameters)
        assert code == "ValidationException"
    sagemaker.update_model_package(ModelPackageArn=arn, AdditionalInferenceSpecificationsToAdd=names)
    code, _message = refused(
        sagemaker.update_model_package,
        ModelPackageArn=arn,
        AdditionalInferenceSpecificationsToAdd=[specification],
    )
    assert code == "ValidationException"

    after = sagemaker.describe_model_package(ModelPackageName=arn)
    assert after["AdditionalInferenceSpecifications"] == names
    assert after["CustomerMetadataProperties"] == before["CustomerMetadataProperties"]
