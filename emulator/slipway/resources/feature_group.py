"""A feature group as its runtime sees it: which features there are, and which stores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from slipway.errors import ValidationException
from slipway.resources.document import Document
from slipway.resources.resource import Owner, Resource

# The columns that the offline store adds (API reference, FeatureDefinition).
RESERVED = frozenset({"is_deleted", "write_time", "api_invocation_time"})
MOST_FEATURES = 2500  # developer guide, Feature Store quotas
EVENT_TIME_TYPES = ("String", "Fractional")
# What can change a part of a record (API reference, UpdateRecord).
WITH_UPDATES = frozenset({"Standard_V2", "InMemory"})
UNIT_SECONDS = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 604_800}
STATUSES = ("Creating", "Created", "CreateFailed", "Deleting", "DeleteFailed")
ONLINE, OFFLINE = "OnlineStore", "OfflineStore"


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: `place` counts from 0 and never changes, for features are added and never removed."""

    place: int
    name: str
    type: str
    collection: str | None = None
    dimension: int | None = None


@dataclass(frozen=True)
class FeatureGroup:
    """A snapshot of a group. `generation` tells it from another of the same name, before or after it."""

    owner: Owner
    name: str
    arn: str
    generation: str
    identifier: str
    event_time: str
    features: Mapping[str, Feature]
    is_online: bool
    storage_type: str
    ttl_seconds: int | None
    offline_uri: str | None

    @classmethod
    def of(cls, resource: Resource) -> Self:
        """The group that a resource describes."""
        document = resource.document
        online = document.get("OnlineStoreConfig", {})
        offline = document.get("OfflineStoreConfig")
        return cls(
            owner=resource.key.owner,
            name=resource.name,
            arn=resource.arn,
            generation=resource.internal["generation"],
            identifier=document["RecordIdentifierFeatureName"],
            event_time=document["EventTimeFeatureName"],
            features=_features(document["FeatureDefinitions"]),
            is_online=online.get("EnableOnlineStore", False),
            storage_type=online.get("StorageType", "Standard"),
            ttl_seconds=seconds_of(online.get("TtlDuration")),
            offline_uri=offline["S3StorageConfig"]["ResolvedOutputS3Uri"] if offline else None,
        )

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The stores that it has."""
        return (*([ONLINE] if self.is_online else ()), *([OFFLINE] if self.offline_uri else ()))


def seconds_of(duration: Mapping[str, object] | None) -> int | None:
    """A TtlDuration in seconds; None for none."""
    if not duration:
        return None
    return UNIT_SECONDS[str(duration["Unit"])] * int(str(duration["Value"]))


def check_definition(parameters: Document) -> None:
    """Raise ValidationException where a CreateFeatureGroup request contradicts itself; the texts are ours."""
    definitions = parameters["FeatureDefinitions"]
    online = parameters.get("OnlineStoreConfig", {})
    if not online.get("EnableOnlineStore") and "OfflineStoreConfig" not in parameters:
        raise ValidationException(
            "A feature group needs a store: enable OnlineStoreConfig, give an OfflineStoreConfig, or both."
        )
    check_features(definitions, (), online.get("StorageType", "Standard"))
    types = {each["FeatureName"]: each["FeatureType"] for each in definitions}
    collections = {each["FeatureName"] for each in definitions if "CollectionType" in each}
    for member in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        name = parameters[member]
        if name not in types:
            raise ValidationException(
                f"{member} '{name}' is not one of the FeatureDefinitions; add it there."
            )
        if name in collections:
            raise ValidationException(f"{member} '{name}' must not be a collection.")
    event_time = parameters["EventTimeFeatureName"]
    if types[event_time] not in EVENT_TIME_TYPES:
        raise ValidationException(
            f"The event time '{event_time}' is {types[event_time]}; it must be String or Fractional."
        )
    _check_duration(online.get("TtlDuration"))
    _check_offline(parameters)
    check_throughput(parameters.get("ThroughputConfig"))


def check_features(added: Sequence[Document], present: Iterable[str], storage_type: str) -> None:
    """Raise ValidationException for features that a group cannot have (beside those that it has)."""
    # Catalogs and SQL know a column in whatever case.
    seen = {name.lower() for name in present}
    for definition in added:
        name = definition["FeatureName"]
        if name.lower() in RESERVED:
            raise ValidationException(
                f"FeatureName '{name}' is reserved: the offline store adds {', '.join(sorted(RESERVED))}."
            )
        if name.lower() in seen:
            raise ValidationException(f"FeatureName '{name}' is there already, whatever its case.")
        seen.add(name.lower())
        _check_collection(definition, storage_type)
    if len(seen) > MOST_FEATURES:
        raise ValidationException(f"A feature group has at most {MOST_FEATURES} features, not {len(seen)}.")


def check_throughput(config: Document | None) -> None:
    """Raise ValidationException for capacity units that the mode has no use for, or lacks."""
    units = ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits")
    given = [name for name in units if name in (config or {})]
    mode = (config or {}).get("ThroughputMode", "OnDemand")
    if mode == "OnDemand" and given:
        raise ValidationException(f"{', '.join(given)} are of ThroughputMode Provisioned, not OnDemand.")


def written_ttl(config: Document) -> Document:
    """An OnlineStoreConfig as Describe shows it: a TtlDuration of nothing is none."""
    _check_duration(config.get("TtlDuration"))
    return {name: value for name, value in config.items() if name != "TtlDuration" or value}


def offline_config(owner: Owner, name: str, config: Document, moment: float) -> Document:
    """An OfflineStoreConfig with the folder and the table that the service chooses (seconds since 1970)."""
    storage = config["S3StorageConfig"]
    epoch = int(moment)
    folder = (
        f"{storage['S3Uri'].rstrip('/')}/{owner.account_id}/sagemaker/{owner.region}/offline-store/"
        f"{name}-{epoch}/data"
    )
    resolved = {**config, "S3StorageConfig": {**storage, "ResolvedOutputS3Uri": folder}}
    resolved.setdefault("DisableGlueTableCreation", False)
    if not resolved["DisableGlueTableCreation"] and "DataCatalogConfig" not in resolved:
        resolved["DataCatalogConfig"] = {
            "TableName": f"{name.lower().replace('-', '_')}_{epoch}",
            "Catalog": "AwsDataCatalog",
            "Database": "sagemaker_featurestore",
        }
    return resolved


def _features(definitions: Sequence[Document]) -> dict[str, Feature]:
    return {
        each["FeatureName"]: Feature(
            place,
            each["FeatureName"],
            each["FeatureType"],
            each.get("CollectionType"),
            each.get("CollectionConfig", {}).get("VectorConfig", {}).get("Dimension"),
        )
        for place, each in enumerate(definitions)
    }


def _check_collection(definition: Document, storage_type: str) -> None:
    name, collection = definition["FeatureName"], definition.get("CollectionType")
    if collection is None:
        if "CollectionConfig" in definition:
            raise ValidationException(f"'{name}' has a CollectionConfig and no CollectionType; give one.")
        return
    if storage_type != "InMemory":
        raise ValidationException(
            f"'{name}' is a {collection}; collections need an OnlineStoreConfig with StorageType InMemory."
        )
    if (collection == "Vector") != ("VectorConfig" in definition.get("CollectionConfig", {})):
        raise ValidationException(f"'{name}': a VectorConfig is what a Vector has, and nothing else.")
    if collection == "Vector" and definition["FeatureType"] != "Fractional":
        raise ValidationException(f"'{name}' is a Vector; its FeatureType must be Fractional.")


def _check_duration(duration: Document | None) -> None:
    if duration and set(duration) != {"Unit", "Value"}:
        raise ValidationException("A TtlDuration has both Unit and Value, or is taken away by neither.")


def _check_offline(parameters: Document) -> None:
    config = parameters.get("OfflineStoreConfig")
    if config is None:
        return
    if "RoleArn" not in parameters:
        raise ValidationException("A feature group with an offline store needs a RoleArn to write it.")
    if not config["S3StorageConfig"]["S3Uri"].startswith("s3://"):
        raise ValidationException(
            f"S3Uri '{config['S3StorageConfig']['S3Uri']}' is no place in S3; write s3://bucket/prefix."
        )
