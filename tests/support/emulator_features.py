"""Feature groups of a running emulator."""

from collections.abc import Mapping
from typing import Any

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_jobs import ROLE


def values(**features: Any) -> list[dict[str, Any]]:
    """A record as the runtime takes and gives it."""
    return [
        {"FeatureName": name, "ValueAsStringList" if isinstance(value, list) else "ValueAsString": value}
        for name, value in features.items()
    ]


def create_group(
    emulator: Emulator,
    sagemaker: Any,
    name: str,
    storage_type: str = "Standard",
    **more_features: str,
) -> dict[str, Any]:
    """A group of an id, a time and `more_features` by their types, in both stores; described once Created."""
    types = {"id": "String", "at": "String", **more_features}
    return create_group_of(emulator, sagemaker, name, types, storage_type)


def create_group_of(
    emulator: Emulator, sagemaker: Any, name: str, types: Mapping[str, str], storage_type: str = "Standard"
) -> dict[str, Any]:
    """A group of features by their types, the identifier first and then the time; described once Created."""
    identifier, event_time, *_ = types
    sagemaker.create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName=identifier,
        EventTimeFeatureName=event_time,
        FeatureDefinitions=[
            {"FeatureName": feature, "FeatureType": its_type} for feature, its_type in types.items()
        ],
        OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": storage_type},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{emulator.bucket}/features"}},
        RoleArn=ROLE,
    )

    def created() -> dict[str, Any] | None:
        described: dict[str, Any] = sagemaker.describe_feature_group(FeatureGroupName=name)
        assert described["FeatureGroupStatus"] in ("Creating", "Created"), described
        return described if described["FeatureGroupStatus"] == "Created" else None

    return wait_until(created, f"{name} to be created", 120)
