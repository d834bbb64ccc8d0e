"""Feature groups: created as earned, described, changed, found, deleted."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.feature_plane import OFFLINE, ONLINE, ROLE, FeaturePlane
from tests.support.registry import PREFIX, refused


@pytest.fixture
def plane(tmp_path: Path) -> FeaturePlane:
    return FeaturePlane(tmp_path)


@pytest.fixture
def sagemaker(plane: FeaturePlane) -> Any:
    return plane.client()


def test_a_group_is_described_with_the_places_that_the_service_chooses(
    plane: FeaturePlane, sagemaker: Any
) -> None:
    arn = plane.create("My-People", Description="Kunden", Tags=[{"Key": "team", "Value": "growth"}])

    described = sagemaker.describe_feature_group(FeatureGroupName="My-People")
    assert arn == f"{PREFIX}:feature-group/my-people"
    assert described["FeatureGroupStatus"] == "Created"
    assert described["OnlineStoreConfig"] == {"EnableOnlineStore": True, "StorageType": "Standard"}
    # Developer guide, "Feature Store offline store data format"; the epoch is the group's creation.
    assert described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"] == (
        "s3://features/store/123456789012/sagemaker/eu-west-1/offline-store/My-People-1700000000/data"
    )
    assert described["OfflineStoreConfig"]["DataCatalogConfig"] == {
        "TableName": "my_people_1700000000",
        "Catalog": "AwsDataCatalog",
        "Database": "sagemaker_featurestore",
    }
    assert described["OfflineStoreStatus"] == {"Status": "Active"}
    assert sagemaker.describe_feature_group(FeatureGroupName=arn)["Description"] == "Kunden"
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "growth"}]


def test_created_is_said_once_the_bucket_has_answered(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.holds = True
    plane.create("waits")
    plane.create("fails", OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://nowhere/store"}})

    before = sagemaker.describe_feature_group(FeatureGroupName="waits")["FeatureGroupStatus"]
    refused_meanwhile = refused(sagemaker.delete_feature_group, FeatureGroupName="waits")
    plane.work()

    assert before == "Creating"
    assert refused_meanwhile[0] == "ResourceInUse"
    assert sagemaker.describe_feature_group(FeatureGroupName="waits")["FeatureGroupStatus"] == "Created"
    failed = sagemaker.describe_feature_group(FeatureGroupName="fails")
    assert failed["FeatureGroupStatus"] == "CreateFailed"
    assert "NoSuchBucket" in failed["FailureReason"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"OnlineStoreConfig": None, "OfflineStoreConfig": None}, "needs a store"),
        ({"OnlineStoreConfig": {"EnableOnlineStore": False}, "OfflineStoreConfig": None}, "needs a store"),
        ({"RoleArn": None}, "RoleArn"),
        ({"RecordIdentifierFeatureName": "key"}, "RecordIdentifierFeatureName 'key'"),
        ({"EventTimeFeatureName": "age"}, "must be String or Fractional"),
        ({"OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "https://b/x"}}}, "s3://bucket/prefix"),
        ({"OnlineStoreConfig": ONLINE | {"TtlDuration": {"Unit": "Days"}}}, "Unit and Value"),
        (
            {"ThroughputConfig": {"ThroughputMode": "OnDemand", "ProvisionedReadCapacityUnits": 5}},
            "Provisioned",
        ),
    ],
)
def test_a_group_that_contradicts_itself_is_refused(
    plane: FeaturePlane, change: dict[str, Any], complaint: str
) -> None:
    code, text = refused(plane.create, **change)

    assert code == "ValidationException"
    assert complaint in text


@pytest.mark.parametrize(
    ("feature", "complaint"),
    [
        ({"FeatureName": "write_time", "FeatureType": "String"}, "is reserved"),
        ({"FeatureName": "Is_Deleted", "FeatureType": "String"}, "is reserved"),
        ({"FeatureName": "AGE", "FeatureType": "String"}, "whatever its case"),
        ({"FeatureName": "tags", "FeatureType": "String", "CollectionType": "List"}, "InMemory"),
    ],
)
def test_a_feature_that_no_group_can_have_is_refused_at_creation_and_later(
    plane: FeaturePlane, sagemaker: Any, feature: dict[str, str], complaint: str
) -> None:
    plane.create()
    definitions = sagemaker.describe_feature_group(FeatureGroupName="people")["FeatureDefinitions"]

    created = refused(plane.create, name="others", FeatureDefinitions=[*definitions, feature])
    updated = refused(sagemaker.update_feature_group, FeatureGroupName="people", FeatureAdditions=[feature])

    assert created == updated
    assert complaint in created[1]


def test_names_are_taken_whatever_their_case_and_missing_ones_told_in_aws_words(
    plane: FeaturePlane, sagemaker: Any
) -> None:
    plane.create("people")

    assert refused(plane.create, name="People") == (
        "ResourceInUse",
        "Resource Already Exists: FeatureGroup with name people already exists. Choose a different name.",
    )
    for call in (sagemaker.describe_feature_group, sagemaker.delete_feature_group):
        # aws/sagemaker-python-sdk #2606 has the text.
        assert refused(call, FeatureGroupName="nobody") == (
            "ResourceNotFound",
            "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name [nobody]",
        )


def test_iceberg_is_refused_by_name(plane: FeaturePlane) -> None:
    code, text = refused(plane.create, OfflineStoreConfig=OFFLINE | {"TableFormat": "Iceberg"})

    assert code == "NotImplemented"
    assert "Iceberg" in text


def test_more_features_than_parquet_can_be_written_of_are_refused_by_name(
    plane: FeaturePlane, sagemaker: Any
) -> None:
    plane.create()
    more = [{"FeatureName": f"f{number}", "FeatureType": "String"} for number in range(497)]
    definitions = [
        {"FeatureName": name, "FeatureType": "String"}
        for name in ("id", "at", *(f"f{n}" for n in range(2498)))
    ]

    created = refused(plane.create, name="wide", FeatureDefinitions=definitions)
    for some in (more[:90], more[90:180], more[180:270], more[270:360], more[360:450], more[450:496]):
        sagemaker.update_feature_group(FeatureGroupName="people", FeatureAdditions=some)
    updated = refused(sagemaker.update_feature_group, FeatureGroupName="people", FeatureAdditions=more[496:])
    plane.create("wide", FeatureDefinitions=definitions, OfflineStoreConfig=None)

    assert created[0] == updated[0] == "NotImplemented"
    assert "2500 features" in created[1]
    assert "501 features" in updated[1]


def test_features_are_added_at_the_end(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.create()
    plane.clock.move(60)

    sagemaker.update_feature_group(
        FeatureGroupName="people", FeatureAdditions=[{"FeatureName": "city", "FeatureType": "String"}]
    )

    described = sagemaker.describe_feature_group(FeatureGroupName="people")
    assert [each["FeatureName"] for each in described["FeatureDefinitions"]] == [
        *("id", "at", "age", "score", "city")
    ]
    assert described["LastUpdateStatus"] == {"Status": "Successful"}
    assert (described["LastModifiedTime"] - described["CreationTime"]).total_seconds() == 60


def test_one_thing_is_updated_at_a_time(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.create()
    ttl = {"TtlDuration": {"Unit": "Days", "Value": 2}}
    addition = {"FeatureName": "city", "FeatureType": "String"}

    none = refused(sagemaker.update_feature_group, FeatureGroupName="people")
    both = refused(
        sagemaker.update_feature_group,
        FeatureGroupName="people",
        FeatureAdditions=[addition],
        OnlineStoreConfig=ttl,
    )
    sagemaker.update_feature_group(FeatureGroupName="people", OnlineStoreConfig=ttl)
    with_ttl = sagemaker.describe_feature_group(FeatureGroupName="people")["OnlineStoreConfig"]
    sagemaker.update_feature_group(FeatureGroupName="people", OnlineStoreConfig={"TtlDuration": {}})
    without = sagemaker.describe_feature_group(FeatureGroupName="people")["OnlineStoreConfig"]

    assert "not 0" in none[1]
    assert "not 2" in both[1]
    assert with_ttl["TtlDuration"] == ttl["TtlDuration"]
    assert "TtlDuration" not in without


def test_an_online_store_moves_to_standard_v2_and_never_back(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.create()

    sagemaker.update_feature_group(
        FeatureGroupName="people", OnlineStoreConfig={"StorageType": "Standard_V2"}
    )
    back = refused(
        sagemaker.update_feature_group,
        FeatureGroupName="people",
        OnlineStoreConfig={"StorageType": "Standard"},
    )

    described = sagemaker.describe_feature_group(FeatureGroupName="people")
    assert described["OnlineStoreConfig"]["StorageType"] == "Standard_V2"
    assert "from Standard_V2 to Standard" in back[1]


def test_throughput_changes_with_its_mode(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.create()
    provisioned = {
        "ThroughputMode": "Provisioned",
        "ProvisionedReadCapacityUnits": 5,
        "ProvisionedWriteCapacityUnits": 7,
    }

    sagemaker.update_feature_group(FeatureGroupName="people", ThroughputConfig=provisioned)
    first = sagemaker.describe_feature_group(FeatureGroupName="people")["ThroughputConfig"]
    sagemaker.update_feature_group(FeatureGroupName="people", ThroughputConfig={"ThroughputMode": "OnDemand"})
    second = sagemaker.describe_feature_group(FeatureGroupName="people")["ThroughputConfig"]

    assert first == provisioned
    assert second == {"ThroughputMode": "OnDemand"}


def test_lists_have_their_filters(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.create("people-a")
    plane.create("people-b", OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://nowhere/"}})
    plane.create("cars", OfflineStoreConfig=None)

    def names(**filters: Any) -> list[str]:
        found = sagemaker.list_feature_groups(SortBy="Name", **filters)["FeatureGroupSummaries"]
        return [each["FeatureGroupName"] for each in found]

    assert names() == ["cars", "people-a", "people-b"]
    assert names(NameContains="people", SortOrder="Descending") == ["people-b", "people-a"]
    assert names(FeatureGroupStatusEquals="CreateFailed") == ["people-b"]
    assert names(OfflineStoreStatusEquals="Active") == ["people-a", "people-b"]


def test_a_deleted_group_is_gone_and_its_name_is_free(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.create()
    plane.holds = True

    sagemaker.delete_feature_group(FeatureGroupName="people")
    meanwhile = sagemaker.describe_feature_group(FeatureGroupName="people")["FeatureGroupStatus"]
    plane.work()

    assert meanwhile == "Deleting"
    assert refused(sagemaker.describe_feature_group, FeatureGroupName="people")[0] == "ResourceNotFound"
    assert plane.create() == f"{PREFIX}:feature-group/people"


def test_a_feature_has_a_description_and_parameters(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.create()
    age = {"FeatureGroupName": "people", "FeatureName": "age"}

    sagemaker.update_feature_metadata(
        **age,
        Description="Years",
        ParameterAdditions=[{"Key": "unit", "Value": "y"}, {"Key": "a", "Value": "1"}],
    )
    sagemaker.update_feature_metadata(**age, ParameterRemovals=["a", "never"])

    described = sagemaker.describe_feature_metadata(**age)
    assert described["Description"] == "Years"
    assert described["Parameters"] == [{"Key": "unit", "Value": "y"}]
    assert described["FeatureType"] == "Integral"
    missing = {"FeatureGroupName": "people", "FeatureName": "size"}
    assert refused(sagemaker.describe_feature_metadata, **missing)[0] == "ResourceNotFound"


def test_search_finds_groups_by_name_tag_and_status(plane: FeaturePlane, sagemaker: Any) -> None:
    plane.create("people-a", Tags=[{"Key": "team", "Value": "growth"}])
    plane.clock.move(1)
    plane.create("people-b", Description="other")
    plane.clock.move(1)
    plane.create("cars", OfflineStoreConfig=None, RoleArn=ROLE)

    def found(*filters: dict[str, str], operator: str = "And") -> list[str]:
        expression = {"Filters": list(filters), "Operator": operator}
        results = sagemaker.search(Resource="FeatureGroup", SearchExpression=expression)["Results"]
        return [each["FeatureGroup"]["FeatureGroupName"] for each in results]

    people = {"Name": "FeatureGroupName", "Operator": "Contains", "Value": "people"}
    growth = {"Name": "Tags.team", "Operator": "Equals", "Value": "growth"}
    described = {"Name": "Description", "Operator": "Exists"}
    assert found(people) == ["people-b", "people-a"]
    assert found(people, growth) == ["people-a"]
    assert found(growth, described, operator="Or") == ["people-b", "people-a"]
    assert found({"Name": "FeatureDefinitions.FeatureName", "Value": "score"}, growth) == ["people-a"]
    assert found({"Name": "FeatureDefinitions.FeatureName", "Value": "size"}) == []
    assert found({"Name": "CreationTime", "Operator": "GreaterThan", "Value": "1700000001"}) == ["cars"]
    pages = list(sagemaker.get_paginator("search").paginate(Resource="FeatureGroup", MaxResults=2))
    assert [len(page["Results"]) for page in pages] == [2, 1]


def test_search_of_anything_else_is_refused_by_name(sagemaker: Any) -> None:
    code, text = refused(sagemaker.search, Resource="TrainingJob")

    assert code == "NotImplemented"
    assert "TrainingJob" in text
