"""A project's groups of encodings, against the control plane's operations; nothing is served but by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestration.clients import Aws
from orchestration.console import table
from orchestration.errors import FeatureGroupError
from orchestration.feature_groups import EncodingGroup, FeatureGroups, FeaturesRecord, chosen, lines
from tests.support.account import account
from tests.support.endpoint_records import EndpointRecords, variant
from tests.support.feature_plane import FeaturePlane

OLD, NEW = "bank-encodings-0123456789ab", "bank-encodings-cdef01234567"
ENDPOINT = "slipway-bank"


class Bank:
    """A project's account: groups, versions that were trained on them, an endpoint."""

    def __init__(self, folder: Path) -> None:
        self.plane = FeaturePlane(folder)
        self.records = EndpointRecords(folder, self.plane)
        self.client = self.records.client
        self.client.create_model_package_group(ModelPackageGroupName="slipway-bank")
        self.aws: Aws = account(self.client)

    @property
    def groups(self) -> FeatureGroups:
        return FeatureGroups(self.aws, "bank", "bank-encodings")

    def group(self, name: str, records: int | None = None) -> None:
        """Create a group; once all its records are there it has a tag that says how many."""
        arn = self.plane.create(name)
        self.plane.clock.move(1)
        if records is not None:
            self.client.add_tags(ResourceArn=arn, Tags=[{"Key": "slipway:records", "Value": str(records)}])

    def version(self, group: str | None, status: str = "Approved") -> str:
        """Register a version that was trained on a group, and return its ARN."""
        arn: str = self.client.create_model_package(
            ModelPackageGroupName="slipway-bank",
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [{"Image": "churn:1"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            **({"CustomerMetadataProperties": {"feature-group-name": group}} if group else {}),
        )["ModelPackageArn"]
        return arn

    def serve(self, arn: str, in_service: bool = True) -> None:
        """Deploy a version, or begin to."""
        number = arn.rpartition("/")[2]
        self.client.create_model(ModelName=f"m-{number}", Containers=[{"ModelPackageName": arn}])
        self.records.create_config(f"c-{number}", [variant(model=f"m-{number}")])
        try:
            self.client.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=f"c-{number}")
        except ClientError:
            self.client.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=f"c-{number}")
        if in_service:
            self.records.put_in_service(ENDPOINT)

    def names(self) -> list[str]:
        """The groups that there are, by the service's account."""
        answer = self.client.list_feature_groups()
        return sorted(each["FeatureGroupName"] for each in answer["FeatureGroupSummaries"])


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def test_without_a_group_the_list_says_how_one_comes(bank: Bank) -> None:
    (row,) = lines(FeaturesRecord("bank", bank.groups.groups()))

    assert row == ("bank has no feature group; a run of a project with feature_group makes one",)


def test_groups_are_listed_newest_first_with_the_versions_that_name_them(bank: Bank) -> None:
    bank.group(OLD, 41472)
    bank.group(NEW)
    bank.version(OLD)
    bank.version(None)
    bank.serve(bank.version(OLD))
    bank.version(NEW, "PendingManualApproval")

    listed = bank.groups.groups()

    told = [(each.name, each.status, each.records, each.versions, each.serving_version) for each in listed]
    assert told == [(NEW, "Created", None, (4,), None), (OLD, "Created", 41472, (1, 3), 3)]
    head, newest, oldest = (" ".join(line.split()) for line in table(lines(FeaturesRecord("bank", listed))))
    assert head == "feature group status records created versions"
    assert newest == f"{NEW} Created not all {listed[0].created_at} 4"
    assert oldest == f"{OLD} Created 41,472 {listed[1].created_at} 1, 3 serves"


@pytest.mark.parametrize(
    "name", ["bank-encodings-0123456789", "bank-encodings-x", "a-bank-encodings-0123456789ab"]
)
def test_other_groups_are_not_the_projects(bank: Bank, name: str) -> None:
    bank.group(name)

    assert bank.groups.groups() == []


def test_a_group_that_nobody_serves_is_deleted(bank: Bank) -> None:
    bank.group(OLD)
    bank.group(NEW)
    bank.version(OLD)
    bank.serve(bank.version(NEW))

    bank.groups.delete(chosen(bank.groups.groups(), "bank", OLD))

    assert bank.names() == [NEW]


def test_the_group_of_the_version_that_serves_stays(bank: Bank) -> None:
    bank.group(OLD)
    bank.serve(bank.version(OLD))

    with pytest.raises(FeatureGroupError, match=r"version 1, which slipway-bank serves"):
        bank.groups.delete(chosen(bank.groups.groups(), "bank", OLD))

    assert bank.names() == [OLD]


def test_the_group_of_the_version_that_is_being_deployed_stays_too(bank: Bank) -> None:
    bank.group(OLD)
    bank.group(NEW)
    bank.serve(bank.version(OLD))
    bank.serve(bank.version(NEW), in_service=False)

    assert [each.serving_version for each in bank.groups.groups()] == [2, 1]


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    group = EncodingGroup(OLD, "Created", "2026-01-01T00:00:00+0000", 1, None, (), None)

    with pytest.raises(FeatureGroupError, match=rf"bank has no .* called 'mine'; there are: {OLD}"):
        chosen([group], "bank", "mine")
    with pytest.raises(FeatureGroupError, match="there are: none"):
        chosen([], "bank", "mine")


def test_a_group_that_cannot_be_deleted_says_why(bank: Bank) -> None:
    class Stuck:
        """A service whose deletion fails, which the control plane's own does not."""

        def delete_feature_group(self, **_: Any) -> None: ...

        def describe_feature_group(self, **_: Any) -> dict[str, str]:
            return {"FeatureGroupStatus": "DeleteFailed", "FailureReason": "the table is locked"}

    groups = FeatureGroups(account(Stuck()), "bank", "bank-encodings")

    with pytest.raises(FeatureGroupError, match="the table is locked"):
        groups.delete(EncodingGroup(OLD, "Created", "2026-01-01T00:00:00+0000", 1, None, (), None))


def test_the_record_says_what_there_is(tmp_path: Path) -> None:
    group = EncodingGroup(OLD, "Created", "2026-01-01T00:00:00+0000", 3, "s3://b/k", (1, 2), 2)

    FeaturesRecord("bank", [group]).write(tmp_path / "build" / "features.json")

    assert json.loads((tmp_path / "build" / "features.json").read_text(encoding="utf-8")) == {
        "project": "bank",
        "groups": [
            {
                "name": OLD,
                "status": "Created",
                "created_at": "2026-01-01T00:00:00+0000",
                "records": 3,
                "offline_store_uri": "s3://b/k",
                "versions": [1, 2],
                "serving_version": 2,
            }
        ],
        "deleted": None,
    }
