"""Tags of every kind of resource, by ARN."""

from typing import Any

import pytest
from slipway.resources.resource import ARN_FORMS, Key, Kind, Owner, Resource

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane
from tests.support.registry import PREFIX, refused, version

MINE = Owner(ACCOUNT, REGION)


def arn_of(plane: ControlPlane, kind: Kind, name: str = "My-Name", owner: Owner = MINE) -> str:
    """The ARN of a resource that is there."""
    return plane.store.create(Resource(Key(owner, kind, name), 1.0, 1.0, "")).arn


def tags(count: int, first: int = 0) -> list[dict[str, str]]:
    return [{"Key": f"key-{number:02}", "Value": str(number)} for number in range(first, first + count)]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in ARN_FORMS])
def test_every_kind_of_resource_has_tags(sagemaker: Any, plane: ControlPlane, kind: Kind) -> None:
    arn = arn_of(plane, kind)

    added = sagemaker.add_tags(ResourceArn=arn, Tags=tags(2))

    assert added["Tags"] == sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags(2)
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["key-00", "never there"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags(1, first=1)


def test_a_key_that_is_there_gets_the_new_value_in_its_place(sagemaker: Any, plane: ControlPlane) -> None:
    arn = arn_of(plane, Kind.ENDPOINT)
    sagemaker.add_tags(ResourceArn=arn, Tags=tags(3))

    answer = sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "key-01", "Value": "other"}])

    assert [tag["Value"] for tag in answer["Tags"]] == ["0", "other", "2"]


@pytest.mark.parametrize(
    "arn",
    [
        f"{PREFIX}:endpoint/none",
        f"{PREFIX}:app/domain/user/app",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-name",
        "arn:aws:sagemaker:eu-west-1:210987654321:endpoint/my-name",
    ],
)
def test_what_is_not_there_or_not_ones_own_has_no_tags(sagemaker: Any, plane: ControlPlane, arn: str) -> None:
    for owner in (MINE, Owner(ACCOUNT, "us-east-1"), Owner("210987654321", REGION)):
        arn_of(plane, Kind.ENDPOINT, owner=owner)

    for call, parameters in (
        (sagemaker.add_tags, {"Tags": tags(1)}),
        (sagemaker.list_tags, {}),
        (sagemaker.delete_tags, {"TagKeys": ["a"]}),
    ):
        code, message = refused(call, ResourceArn=arn, **parameters)
        assert code == "ValidationException"
        assert "Requested resource not found" in message


def test_fifty_tags_are_all_that_a_resource_can_have(sagemaker: Any, plane: ControlPlane) -> None:
    # AWS General Reference: 50 user-made tags a resource. One page holds them: TagList has 50 at most.
    arn = arn_of(plane, Kind.MODEL)
    sagemaker.add_tags(ResourceArn=arn, Tags=tags(50))

    code, message = refused(sagemaker.add_tags, ResourceArn=arn, Tags=tags(1, first=50))

    assert code == "ValidationException"
    assert "51 tags" in message
    listed = sagemaker.list_tags(ResourceArn=arn)
    assert listed["Tags"] == tags(50)
    assert "NextToken" not in listed
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "key-49", "Value": "changed"}])


@pytest.mark.parametrize("key", ["aws:cloudformation:stack", "AWS:x"])
def test_keys_that_aws_keeps_for_itself_are_refused(sagemaker: Any, plane: ControlPlane, key: str) -> None:
    arn = arn_of(plane, Kind.MODEL)
    reserved = [{"Key": key, "Value": "x"}]
    told = "aws: prefixed tag key names are not allowed for external use."

    assert refused(sagemaker.add_tags, ResourceArn=arn, Tags=reserved) == ("ValidationException", told)
    assert refused(sagemaker.create_model_package_group, ModelPackageGroupName="churn", Tags=reserved) == (
        "ValidationException",
        told,
    )
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == []


def test_one_key_twice_in_one_call_is_refused(sagemaker: Any, plane: ControlPlane) -> None:
    code, message = refused(
        sagemaker.add_tags, ResourceArn=arn_of(plane, Kind.MODEL), Tags=[*tags(1), *tags(1)]
    )

    assert (code, "key-00" in message) == ("ValidationException", True)


def test_versions_have_none_of_their_own(sagemaker: Any) -> None:
    arn = version(sagemaker)

    # aws/aws-cdk, issue 33699.
    assert refused(sagemaker.add_tags, ResourceArn=arn, Tags=tags(1)) == (
        "ValidationException",
        "Tags are not supported in Model Package versions. Please add them to the Model Package Group.",
    )
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == []


def test_tags_go_with_their_resource(sagemaker: Any) -> None:
    group = {"ModelPackageGroupName": "churn"}
    arn = sagemaker.create_model_package_group(**group, Tags=tags(3))["ModelPackageGroupArn"]
    sagemaker.delete_model_package_group(**group)

    sagemaker.create_model_package_group(**group)

    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == []


def test_a_token_that_no_list_gave_is_refused(sagemaker: Any, plane: ControlPlane) -> None:
    code, _message = refused(sagemaker.list_tags, ResourceArn=arn_of(plane, Kind.MODEL), NextToken="invented")

    assert code == "ValidationException"
