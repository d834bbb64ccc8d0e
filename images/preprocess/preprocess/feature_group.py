"""The feature group of some records: made, awaited, and compared with what it must be."""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

from preprocess.aws import is_refused_as, told_by_aws, wait_for
from preprocess.feature_arguments import GroupSettings
from preprocess.group_records import EVENT_TIME, GroupRecords

# How many records a group holds that was filled to its end.
RECORDS_TAG = "slipway:records"
# How many of them SQL has found in the offline store, which is some minutes behind on AWS.
OFFLINE_RECORDS_TAG = "slipway:offline-records"
CREATE_SECONDS = 900
_PAUSE_SECONDS = 1.0

Description = dict[str, Any]


def definitions(records: GroupRecords) -> list[dict[str, str]]:
    """The group's features: the key, the event time as seconds since 1970, then the columns."""
    # A time as a number sorts in every SQL as it should, a text with and without milliseconds does not.
    types = {records.key_name: "String", EVENT_TIME: "Fractional"} | dict(records.feature_types)
    return [{"FeatureName": name, "FeatureType": its_type} for name, its_type in types.items()]


def ensure_group(
    sagemaker: Any, name: str, records: GroupRecords, settings: GroupSettings, stop: StopSignal
) -> Description:
    """The group of this name, made where there is none; described once it is Created.

    Raises ContractError where it cannot be made, or is another's.
    """
    if describe(sagemaker, name) is None:
        _create(sagemaker, name, records, settings)

    def created() -> Description | None:
        described = describe(sagemaker, name)
        # Just after its creation a group may not be known everywhere.
        if described is None or described["FeatureGroupStatus"] == "Creating":
            return None
        return described

    described = wait_for(created, stop, CREATE_SECONDS, _PAUSE_SECONDS)
    if described is None:
        raise ContractError(
            f"feature group {name} is not Created after {CREATE_SECONDS} s; start the job again later."
        )
    check_group(described, records)
    return described


def described_group(sagemaker: Any, name: str, records: GroupRecords) -> Description:
    """A group that `ensure_group` made before. Raises ContractError where there is none."""
    described = describe(sagemaker, name)
    if described is None:
        raise ContractError(f"there is no feature group {name}; let ingest make and fill it.")
    check_group(described, records)
    return described


def describe(sagemaker: Any, name: str) -> Description | None:
    """DescribeFeatureGroup; None where there is none."""
    with told_by_aws(f"feature group {name}"):
        try:
            described: Description = sagemaker.describe_feature_group(FeatureGroupName=name)
        except ClientError as error:
            if is_refused_as(error, "ResourceNotFound"):
                return None
            raise
    return described


def check_group(described: Description, records: GroupRecords) -> None:
    """Raise ContractError where a group cannot hold the records."""
    name, status = described["FeatureGroupName"], described["FeatureGroupStatus"]
    if status != "Created":
        reason = described.get("FailureReason", "AWS gave no reason")
        raise ContractError(
            f"feature group {name} is {status}: {reason}; delete it, and start the job again once it is gone."
        )
    if difference := _difference(described, records):
        raise ContractError(
            f"feature group {name} is not what ingest makes of {records.source}: {difference}; "
            "delete it, or choose another prefix."
        )


def records_of(sagemaker: Any, described: Description, tag: str = RECORDS_TAG) -> int | None:
    """How many records a group holds by that tag; None where nobody has come to the end of them yet."""
    with told_by_aws(f"tags of feature group {described['FeatureGroupName']}"):
        pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=described["FeatureGroupArn"])
        tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    text = tags.get(tag, "")
    return int(text) if text.isascii() and text.isdigit() else None


def has_offline_objects(s3: Any, described: Description) -> bool:
    """Whether the offline store holds anything; on AWS it does some minutes after the first record."""
    place = described["OfflineStoreConfig"]["S3StorageConfig"]
    uri = str(place.get("ResolvedOutputS3Uri", place["S3Uri"]))
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    with told_by_aws(f"the offline store of feature group {described['FeatureGroupName']}"):
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/", MaxKeys=1)
    return bool(found["KeyCount"])


def note_records(sagemaker: Any, described: Description, count: int, tag: str = RECORDS_TAG) -> None:
    """Note how many records a group holds."""
    with told_by_aws(f"tags of feature group {described['FeatureGroupName']}"):
        sagemaker.add_tags(ResourceArn=described["FeatureGroupArn"], Tags=[{"Key": tag, "Value": str(count)}])


def _create(sagemaker: Any, name: str, records: GroupRecords, settings: GroupSettings) -> None:
    with told_by_aws(f"feature group {name}"):
        try:
            sagemaker.create_feature_group(
                FeatureGroupName=name,
                Description=records.description,
                RecordIdentifierFeatureName=records.key_name,
                EventTimeFeatureName=EVENT_TIME,
                FeatureDefinitions=definitions(records),
                OnlineStoreConfig={"EnableOnlineStore": True},
                OfflineStoreConfig={"S3StorageConfig": {"S3Uri": settings.offline_store_uri}},
                RoleArn=settings.role_arn,
            )
        except ClientError as error:
            # Somebody else makes it at this moment.
            if not is_refused_as(error, "ResourceInUse"):
                raise


def _difference(described: Description, records: GroupRecords) -> str | None:
    """The first thing that is not as `_create` asks for it."""
    if not described.get("OnlineStoreConfig", {}).get("EnableOnlineStore"):
        return "it has no online store"
    if "DataCatalogConfig" not in described.get("OfflineStoreConfig", {}):
        return "it has no offline store with a table"
    wanted_names = {"RecordIdentifierFeatureName": records.key_name, "EventTimeFeatureName": EVENT_TIME}
    for member, wanted in wanted_names.items():
        if described[member] != wanted:
            return f"its {member} is '{described[member]}', not '{wanted}'"
    present = _types(described["FeatureDefinitions"])
    needed = _types(definitions(records))
    for name in needed | present:
        if name not in present:
            return f"it has no feature '{name}'"
        if name not in needed:
            return f"it has a feature '{name}'"
        if present[name] != needed[name]:
            return f"its feature '{name}' is {present[name]}, not {needed[name]}"
    return None


def _types(features: Iterable[Description]) -> dict[str, str]:
    return {each["FeatureName"]: each["FeatureType"] for each in features}
