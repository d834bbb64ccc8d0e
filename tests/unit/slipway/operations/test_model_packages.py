"""Versions and packages: created, described, listed, deleted, in SageMaker's own texts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.registry import PREFIX, SPECIFICATION, SPECIFICATION_ALONE, refused, version


def test_versions_are_counted_and_no_number_comes_back(sagemaker: Any) -> None:
    arns = [version(sagemaker, "Churn") for _ in range(3)]
    assert arns == [f"{PREFIX}:model-package/churn/{number}" for number in (1, 2, 3)]

    sagemaker.delete_model_package(ModelPackageName=arns[2])

    assert version(sagemaker, "Churn") == f"{PREFIX}:model-package/churn/4"


def test_versions_that_are_created_at_once_have_numbers_of_their_own(
    sagemaker: Any, plane: ControlPlane
) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")

    with ThreadPoolExecutor(8) as threads:
        arns = list(threads.map(lambda _: version(sagemaker), range(40)))

    assert sorted(int(arn.rpartition("/")[2]) for arn in arns) == list(range(1, 41))


def test_a_version_is_described_by_arn_and_by_name_and_number(sagemaker: Any, plane: ControlPlane) -> None:
    arn = version(
        sagemaker,
        "Churn",
        ModelPackageDescription="first",
        CustomerMetadataProperties={"sha": "abc"},
        ModelMetrics={
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/e"}}
        },
        ModelLifeCycle={"Stage": "Development", "StageStatus": "Approved"},
    )

    for name in (arn, "Churn/1", "churn/1"):
        described = sagemaker.describe_model_package(ModelPackageName=name)
        # The developer guide's "View the Details of a Model Version" has these values.
        assert described["ModelPackageStatus"] == "Completed"
        assert described["ModelPackageStatusDetails"] == {"ValidationStatuses": [], "ImageScanStatuses": []}
        assert described["CertifyForMarketplace"] is False
        assert described["ModelApprovalStatus"] == "PendingManualApproval"
        assert (described["ModelPackageGroupName"], described["ModelPackageVersion"]) == ("Churn", 1)
        assert described["ModelPackageName"] == "Churn/1"
        assert described["InferenceSpecification"] == SPECIFICATION
        assert described["CustomerMetadataProperties"] == {"sha": "abc"}
        assert described["CreationTime"] == datetime.fromtimestamp(plane.clock.seconds, UTC)
        assert "LastModifiedTime" not in described


def test_a_package_of_its_own_name_is_created_once(sagemaker: Any) -> None:
    arn = sagemaker.create_model_package(
        ModelPackageName="Churn",
        InferenceSpecification=SPECIFICATION_ALONE,
        Tags=[{"Key": "a", "Value": "b"}],
    )["ModelPackageArn"]

    assert arn == f"{PREFIX}:model-package/churn"
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    assert described["ModelPackageName"] == "Churn"
    assert {"ModelPackageGroupName", "ModelPackageVersion", "ModelApprovalStatus"} & described.keys() == set()
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    # The SageMaker SDK looks for "ModelPackage already exists".
    assert refused(sagemaker.create_model_package, ModelPackageName="churn") == (
        "ValidationException",
        f"ModelPackage already exists: {arn}",
    )


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        (
            {"ModelPackageName": "a", "ModelPackageGroupName": "b"},
            # getmoto/moto, pull request 7165.
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use.",
        ),
        ({"ModelPackageDescription": "of nothing"}, "Missing ARN."),
        (
            {"ModelPackageGroupName": "churn", "Tags": [{"Key": "a", "Value": "b"}]},
            # aws/aws-cdk, issue 33699.
            "Tags are not supported in Model Package versions. Please add them to the Model Package Group.",
        ),
        (
            {"ModelPackageName": "a", "InferenceSpecification": SPECIFICATION},
            # Recorded by a public program that copies packages.
            "1 validation errors detected:"
            "Environment variable map cannot be specified when using non-versioned ModelPackages",
        ),
    ],
)
def test_a_package_that_cannot_be_is_refused(sagemaker: Any, parameters: dict[str, Any], told: str) -> None:
    assert refused(sagemaker.create_model_package, **parameters) == ("ValidationException", told)


def test_a_validation_that_nobody_would_carry_out_is_refused(sagemaker: Any) -> None:
    algorithm = {"SourceAlgorithms": [{"AlgorithmName": "xgboost"}]}

    code, message = refused(
        sagemaker.create_model_package, ModelPackageName="a", SourceAlgorithmSpecification=algorithm
    )

    assert code == "ValidationException"
    assert "SourceAlgorithmSpecification is not carried out" in message


def test_a_package_that_is_not_there(sagemaker: Any) -> None:
    for call in (sagemaker.describe_model_package, sagemaker.delete_model_package):
        assert refused(call, ModelPackageName=f"{PREFIX}:model-package/churn/7") == (
            "ValidationException",
            f"ModelPackage {PREFIX}:model-package/churn/7 does not exist.",
        )
    code, _message = refused(
        sagemaker.update_model_package, ModelPackageArn=f"{PREFIX}:model-package/churn/7"
    )
    assert code == "ValidationException"


def test_a_token_gives_one_version_however_often_it_is_sent(sagemaker: Any) -> None:
    first = version(sagemaker, ClientToken="token-1")

    assert version(sagemaker, ClientToken="token-1") == first
    assert version(sagemaker, ClientToken="token-2") != first
    code, _message = refused(
        sagemaker.create_model_package, ModelPackageGroupName="churn", ClientToken="token-1"
    )
    assert code == "ConflictException"
    listed = sagemaker.list_model_packages(ModelPackageGroupName="churn")["ModelPackageSummaryList"]
    assert len(listed) == 2
    # A number that a repetition did not use is not lost either.
    assert version(sagemaker).endswith("/3")


def test_a_token_of_a_package_that_is_gone_gives_none(sagemaker: Any) -> None:
    arn = version(sagemaker, ClientToken="token-1")
    sagemaker.delete_model_package(ModelPackageName=arn)

    code, _message = refused(
        sagemaker.create_model_package,
        ModelPackageGroupName="churn",
        InferenceSpecification=SPECIFICATION,
        ClientToken="token-1",
    )

    assert code == "ConflictException"


def test_packages_are_listed_by_group_kind_approval_name_and_time(
    sagemaker: Any, plane: ControlPlane
) -> None:
    first = version(sagemaker, "churn", ModelApprovalStatus="Approved")
    plane.clock.move(10)
    second = version(sagemaker, "churn")
    other = version(sagemaker, "sales")
    plane.clock.move(10)
    alone = sagemaker.create_model_package(ModelPackageName="alone")["ModelPackageArn"]

    def listed(**parameters: Any) -> list[str]:
        answer = sagemaker.list_model_packages(**parameters)
        return [one["ModelPackageArn"] for one in answer["ModelPackageSummaryList"]]

    # The model on ModelPackageType: Unversioned "is the default value if no ModelPackageType is specified".
    assert listed() == [alone]
    assert listed(ModelPackageGroupName="churn") == [first, second]
    assert listed(ModelPackageGroupName=f"{PREFIX}:model-package-group/churn") == [first, second]
    assert listed(ModelPackageGroupName="churn", SortOrder="Descending") == [second, first]
    assert listed(ModelPackageGroupName="churn", ModelApprovalStatus="Approved") == [first]
    assert listed(ModelPackageGroupName="churn", ModelPackageType="Unversioned") == []
    assert listed(ModelPackageType="Versioned") == [first, second, other]
    assert listed(ModelPackageType="Both", SortBy="Name") == [alone, first, second, other]
    assert listed(ModelPackageType="Both", NameContains="al") == [other, alone]
    after = datetime.fromtimestamp(plane.clock.seconds - 15, UTC)
    assert listed(ModelPackageType="Both", CreationTimeAfter=after) == [second, other, alone]


def test_a_list_tells_what_recorded_lists_tell(sagemaker: Any) -> None:
    version(sagemaker, ModelPackageDescription="first")

    listed = sagemaker.list_model_packages(ModelPackageGroupName="churn")["ModelPackageSummaryList"]

    assert [sorted(one) for one in listed] == [
        [
            "CreationTime",
            "ModelApprovalStatus",
            "ModelPackageArn",
            "ModelPackageDescription",
            "ModelPackageGroupName",
            "ModelPackageStatus",
            "ModelPackageVersion",
        ]
    ]


def test_pages_of_a_group_hold_every_version_once_while_others_are_added(sagemaker: Any) -> None:
    arns = [version(sagemaker) for _ in range(7)]

    got: list[str] = []
    page = sagemaker.list_model_packages(ModelPackageGroupName="churn", MaxResults=3)
    while True:
        got += [one["ModelPackageArn"] for one in page["ModelPackageSummaryList"]]
        if "NextToken" not in page:
            break
        version(sagemaker, "sales")
        page = sagemaker.list_model_packages(
            ModelPackageGroupName="churn", MaxResults=3, NextToken=page["NextToken"]
        )

    assert got == arns


def test_each_arn_of_a_batch_has_an_answer_or_an_error(sagemaker: Any) -> None:
    arn = version(sagemaker)
    missing = f"{PREFIX}:model-package/churn/9"

    answer = sagemaker.batch_describe_model_package(ModelPackageArnList=[arn, missing])

    summary = answer["ModelPackageSummaries"][arn]
    assert (summary["ModelPackageVersion"], summary["InferenceSpecification"]) == (1, SPECIFICATION)
    assert answer["BatchDescribeModelPackageErrorMap"] == {
        missing: {
            "ErrorCode": "ValidationException",
            "ErrorResponse": f"ModelPackage {missing} does not exist.",
        }
    }
    alone = sagemaker.batch_describe_model_package(ModelPackageArnList=[arn])
    assert "BatchDescribeModelPackageErrorMap" not in alone


def test_metadata_alone_leaves_the_model_cards_content_out(sagemaker: Any) -> None:
    card = {"ModelCardContent": '{"model_overview": {}}', "ModelCardStatus": "Draft"}
    arn = version(sagemaker, ModelCard=card)

    whole = sagemaker.describe_model_package(ModelPackageName=arn)
    metadata = sagemaker.describe_model_package(ModelPackageName=arn, IncludedData="MetadataOnly")

    assert whole["ModelCard"] == card
    assert metadata["ModelCard"] == {"ModelCardStatus": "Draft"}


def test_every_change_is_told(sagemaker: Any, plane: ControlPlane) -> None:
    arn = version(sagemaker)
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

    told = [event.resource_arn for event in plane.store.pending_events(10)]

    assert told == [f"{PREFIX}:model-package-group/churn", arn, arn]


def test_the_registry_keeps_kinds_apart(sagemaker: Any, plane: ControlPlane) -> None:
    arn = version(sagemaker)
    group_arn = f"{PREFIX}:model-package-group/churn"

    code, _message = refused(sagemaker.describe_model_package, ModelPackageName=group_arn)
    assert code == "ValidationException"
    code, _message = refused(sagemaker.describe_model_package_group, ModelPackageGroupName=arn[:-2])
    assert code == "ValidationException"
