"""Model package groups, in SageMaker's own texts."""

from datetime import UTC, datetime
from typing import Any

from tests.support.control_plane import ControlPlane
from tests.support.registry import PREFIX, refused, version


def test_a_group_is_described_as_it_was_created(sagemaker: Any, plane: ControlPlane) -> None:
    answer = sagemaker.create_model_package_group(
        ModelPackageGroupName="Churn-Models",
        ModelPackageGroupDescription="Wer kündigt?",
        Tags=[{"Key": "team", "Value": "growth"}],
    )

    # Names in ARNs are in lower case.
    assert answer["ModelPackageGroupArn"] == f"{PREFIX}:model-package-group/churn-models"
    for name in ("Churn-Models", answer["ModelPackageGroupArn"]):
        described = sagemaker.describe_model_package_group(ModelPackageGroupName=name)
        assert described["ModelPackageGroupName"] == "Churn-Models"
        assert described["ModelPackageGroupDescription"] == "Wer kündigt?"
        assert described["ModelPackageGroupStatus"] == "Completed"
        assert described["CreationTime"] == datetime.fromtimestamp(plane.clock.seconds, UTC)
    tags = sagemaker.list_tags(ResourceArn=answer["ModelPackageGroupArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "growth"}]


def test_a_group_is_created_once(sagemaker: Any) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")

    assert refused(sagemaker.create_model_package_group, ModelPackageGroupName="CHURN") == (
        "ValidationException",
        f"Model Package Group already exists: {PREFIX}:model-package-group/churn",
    )


def test_a_group_that_is_not_there(sagemaker: Any) -> None:
    missing = f"ModelPackageGroup {PREFIX}:model-package-group/churn does not exist."

    calls = (sagemaker.describe_model_package_group, sagemaker.delete_model_package_group)
    for call in (*calls, sagemaker.list_model_packages):
        assert refused(call, ModelPackageGroupName="churn") == ("ValidationException", missing)
    # Public programs create the group where CreateModelPackage answers this.
    assert refused(sagemaker.create_model_package, ModelPackageGroupName="churn") == (
        "ValidationException",
        "Model Package Group does not exist.",
    )


def test_groups_of_another_account_or_region_are_others(sagemaker: Any, plane: ControlPlane) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    elsewhere = plane.client(region="us-east-1")
    other = plane.client(account="210987654321")

    for client in (elsewhere, other):
        assert client.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
        client.create_model_package_group(ModelPackageGroupName="churn")
    arn = f"{PREFIX}:model-package-group/churn"
    assert refused(elsewhere.describe_model_package_group, ModelPackageGroupName=arn) == (
        "ValidationException",
        # amazon-sagemaker-examples, issue 1438.
        "ARN should be scoped to correct region: us-east-1",
    )
    code, _message = refused(other.describe_model_package_group, ModelPackageGroupName=arn)
    assert code == "ValidationException"


def test_groups_are_listed_by_filter_and_order(sagemaker: Any, plane: ControlPlane) -> None:
    start = plane.clock.seconds
    for name in ("b-churn", "a-churn", "sales"):
        plane.clock.move(10)
        sagemaker.create_model_package_group(ModelPackageGroupName=name)

    def listed(**parameters: Any) -> list[str]:
        answer = sagemaker.list_model_package_groups(**parameters)
        return [one["ModelPackageGroupName"] for one in answer["ModelPackageGroupSummaryList"]]

    # The model on SortBy and SortOrder: "The default is CreationTime", "The default is Ascending".
    assert listed() == ["b-churn", "a-churn", "sales"]
    assert listed(SortBy="Name", SortOrder="Descending") == ["sales", "b-churn", "a-churn"]
    assert listed(NameContains="churn") == ["b-churn", "a-churn"]
    after = datetime.fromtimestamp(start + 10, UTC)
    assert listed(CreationTimeAfter=after) == ["a-churn", "sales"]
    assert listed(CreationTimeBefore=datetime.fromtimestamp(start + 30, UTC)) == ["b-churn", "a-churn"]
    assert listed(CrossAccountFilterOption="CrossAccount") == []


def test_a_group_with_versions_stays(sagemaker: Any) -> None:
    arn = version(sagemaker)

    code, message = refused(sagemaker.delete_model_package_group, ModelPackageGroupName="churn")

    assert code == "ConflictException"
    assert "still contains" in message
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName="churn")
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_a_groups_policy_is_kept_until_it_is_deleted(sagemaker: Any) -> None:
    # The two texts are those that AWS's own CloudFormation handler and Terraform's provider look for.
    group = {"ModelPackageGroupName": "churn"}
    assert refused(sagemaker.get_model_package_group_policy, **group) == (
        "ValidationException",
        f"Cannot find Model Package Group: {PREFIX}:model-package-group/churn",
    )
    sagemaker.create_model_package_group(**group)
    missing = ("ValidationException", f"Cannot find resource policy for: {PREFIX}:model-package-group/churn")
    assert refused(sagemaker.get_model_package_group_policy, **group) == missing
    code, _message = refused(sagemaker.put_model_package_group_policy, **group, ResourcePolicy="no json")
    assert code == "ValidationException"

    sagemaker.put_model_package_group_policy(**group, ResourcePolicy='{"Statement": []}')

    policy = sagemaker.get_model_package_group_policy(**group)["ResourcePolicy"]
    assert policy == '{"Statement": []}'
    sagemaker.delete_model_package_group_policy(**group)
    assert refused(sagemaker.get_model_package_group_policy, **group) == missing
    assert refused(sagemaker.delete_model_package_group_policy, **group) == missing
