"""Feature groups: what they are made of; their records are the runtime's."""

import secrets
from collections.abc import Callable
from typing import Any

from slipway.clock import Clock
from slipway.errors import NotServedHere, ResourceInUse, ResourceNotFound, ValidationException
from slipway.operations.listing import list_page, summary
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.arn import key_of_arn
from slipway.resources.catalog_table import table_of_group, with_features
from slipway.resources.document import Document, without_empty
from slipway.resources.feature_group import (
    MOST_FEATURES,
    check_definition,
    check_features,
    check_throughput,
    offline_config,
    written_ttl,
)
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.store import AlreadyExistsError, MissingError, Store

# Something is at work at the group: it can be neither changed nor deleted now.
BUSY = frozenset({"Creating", "Deleting"})
ON_DEMAND = {"ThroughputMode": "OnDemand"}
# So many columns of Parquet are written within the memory that this process has.
MOST_OFFLINE_FEATURES = 500
MOST_PARAMETERS = 25  # API reference, UpdateFeatureMetadata


class FeatureGroups:
    """Feature groups and their metadata; an executor brings a new one to Created, and an old one away."""

    def __init__(self, store: Store, clock: Clock, submit: Callable[[Key], None]) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "CreateFeatureGroup"): self.create,
            (SAGEMAKER, "DescribeFeatureGroup"): self.describe,
            (SAGEMAKER, "UpdateFeatureGroup"): self.update,
            (SAGEMAKER, "ListFeatureGroups"): self.list,
            (SAGEMAKER, "DeleteFeatureGroup"): self.delete,
            (SAGEMAKER, "DescribeFeatureMetadata"): self.describe_feature,
            (SAGEMAKER, "UpdateFeatureMetadata"): self.update_feature,
        }

    def create(self, call: Call) -> Document:
        """CreateFeatureGroup."""
        parameters = call.parameters
        check_definition(parameters)
        if parameters.get("OfflineStoreConfig", {}).get("TableFormat") == "Iceberg":
            raise NotServedHere(
                "CreateFeatureGroup with TableFormat Iceberg is not implemented here; use Glue."
            )
        _check_width("OfflineStoreConfig" in parameters, len(parameters["FeatureDefinitions"]))
        key = Key(call.owner, Kind.FEATURE_GROUP, parameters["FeatureGroupName"])
        now = self._clock.now()
        group = Resource(
            key,
            now,
            now,
            "Creating",
            _document(key, parameters, now),
            {"generation": secrets.token_hex(8), "features": {}},
        )
        offline_status = group.document.get("OfflineStoreStatus", {}).get("Status", "")
        try:
            self._store.create(group, checked_tags(parameters.get("Tags", ())), label=offline_status)
        except AlreadyExistsError as error:
            raise ResourceInUse(
                f"Resource Already Exists: FeatureGroup with name {error.existing.name} already exists. "
                "Choose a different name."
            ) from None
        self._submit(key)
        return {"FeatureGroupArn": key.arn}

    def describe(self, call: Call) -> Document:
        """DescribeFeatureGroup: all features, for a page holds as many as a group can have."""
        group = existing_feature_group(self._store, call.owner, call.parameters["FeatureGroupName"])
        return {**group.document, "NextToken": ""}

    def update(self, call: Call) -> Document:
        """UpdateFeatureGroup: more features, the time to live, or the throughput; at once."""
        parameters = call.parameters
        changes = [
            name
            for name in ("FeatureAdditions", "OnlineStoreConfig", "ThroughputConfig")
            if name in parameters
        ]
        if len(changes) != 1:
            raise ValidationException(
                "UpdateFeatureGroup takes one of FeatureAdditions, OnlineStoreConfig and ThroughputConfig "
                f"at a time, not {len(changes)}."
            )
        group = existing_feature_group(self._store, call.owner, parameters["FeatureGroupName"])

        def changed(present: Resource) -> Resource:
            _check_idle(present)
            return present.with_document(
                {
                    **_CHANGES[changes[0]](present.document, parameters[changes[0]]),
                    "LastModifiedTime": self._clock.now(),
                    "LastUpdateStatus": {"Status": "Successful"},
                }
            )

        with self._store.all_or_nothing():
            after = self._store.transition(group.key, changed)
            self._update_table(after)
        return {"FeatureGroupArn": group.arn}

    def _update_table(self, group: Resource) -> None:
        """Have the catalog's table show the features that the group has; one that was deleted stays so."""
        now = self._clock.now()
        table = table_of_group(group, now)
        if table is not None and self._store.get(table.key) is not None:
            features = group.document["FeatureDefinitions"]
            self._store.transition(table.key, lambda present: with_features(present, features, now))

    def list(self, call: Call) -> Document:
        """ListFeatureGroups."""
        parameters = call.parameters
        if parameters.get("SortBy") == "OfflineStoreStatus":
            raise NotServedHere("ListFeatureGroups sorted by OfflineStoreStatus is not implemented here.")
        label = parameters.get("OfflineStoreStatusEquals")
        member = "FeatureGroupSummaries"
        return list_page(self._store, call, Kind.FEATURE_GROUP, member, _summary, label=label)

    def delete(self, call: Call) -> Document:
        """DeleteFeatureGroup: the online store goes, what is in S3 stays."""
        group = existing_feature_group(self._store, call.owner, call.parameters["FeatureGroupName"])

        def deleting(present: Resource) -> Resource:
            _check_idle(present)
            return present.in_status("Deleting")

        try:
            self._store.transition(group.key, deleting)
        except MissingError:
            raise not_found(group.name) from None
        self._submit(group.key)
        return {}

    def describe_feature(self, call: Call) -> Document:
        """DescribeFeatureMetadata."""
        group, feature = self._feature(call)
        told = group.internal["features"].get(feature["FeatureName"], {})
        return without_empty(
            {
                "FeatureGroupArn": group.arn,
                "FeatureGroupName": group.name,
                "FeatureName": feature["FeatureName"],
                "FeatureType": feature["FeatureType"],
                "CreationTime": group.created_at,
                "LastModifiedTime": told.get("LastModifiedTime", group.created_at),
                "Description": told.get("Description"),
                "Parameters": [{"Key": k, "Value": v} for k, v in told.get("Parameters", {}).items()] or None,
            }
        )

    def update_feature(self, call: Call) -> Document:
        """UpdateFeatureMetadata: a description, and parameters by key."""
        group, feature = self._feature(call)
        name, parameters = feature["FeatureName"], call.parameters

        def told(present: Resource) -> Resource:
            features = present.internal["features"]
            before = features.get(name, {})
            kept = dict(before.get("Parameters", {}))
            for key in parameters.get("ParameterRemovals", ()):
                kept.pop(key, None)
            kept |= {each["Key"]: each["Value"] for each in parameters.get("ParameterAdditions", ())}
            if len(kept) > MOST_PARAMETERS:
                raise ValidationException(
                    f"'{name}' would have {len(kept)} parameters; it can have {MOST_PARAMETERS}."
                )
            after = {
                "Description": parameters.get("Description", before.get("Description")),
                "Parameters": kept,
                "LastModifiedTime": self._clock.now(),
            }
            return present.with_internal({"features": {**features, name: after}})

        self._store.transition(group.key, told)
        return {}

    def _feature(self, call: Call) -> tuple[Resource, Document]:
        group = existing_feature_group(self._store, call.owner, call.parameters["FeatureGroupName"])
        name = call.parameters["FeatureName"]
        for definition in group.document["FeatureDefinitions"]:
            if definition["FeatureName"] == name:
                return group, definition
        raise ResourceNotFound(
            f"Resource Not Found: Amazon SageMaker can't find a Feature with name {name} in {group.name}"
        )


def existing_feature_group(store: Store, owner: Owner, name_or_arn: str) -> Resource:
    """The group of that name or ARN. Raises ResourceNotFound in AWS's words."""
    key = feature_group_key(owner, name_or_arn)
    group = store.get(key) if key is not None else None
    if group is None:
        raise not_found(name_or_arn)
    return group


def feature_group_key(owner: Owner, name_or_arn: str) -> Key | None:
    """What a name or an ARN stands for; None for somebody else's, nobody here shares a group."""
    if not name_or_arn.startswith("arn:"):
        return Key(owner, Kind.FEATURE_GROUP, name_or_arn)
    key = key_of_arn(name_or_arn)
    return key if key and key.owner == owner and key.kind is Kind.FEATURE_GROUP else None


def not_found_text(name: str) -> str:
    """What the service says of a group that is not there (aws/sagemaker-python-sdk #2606)."""
    return f"Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name [{name}]"


def not_found(name: str) -> ResourceNotFound:
    """The refusal of a group that is not there."""
    return ResourceNotFound(not_found_text(name))


def _document(key: Key, parameters: Document, now: float) -> Document:
    online = parameters.get("OnlineStoreConfig")
    offline = parameters.get("OfflineStoreConfig")
    if online is not None:
        online = {"EnableOnlineStore": False, **written_ttl(online)}
        if online["EnableOnlineStore"]:
            online.setdefault("StorageType", "Standard")
    return without_empty(
        {
            "FeatureGroupArn": key.arn,
            "FeatureGroupName": key.name,
            "RecordIdentifierFeatureName": parameters["RecordIdentifierFeatureName"],
            "EventTimeFeatureName": parameters["EventTimeFeatureName"],
            "FeatureDefinitions": parameters["FeatureDefinitions"],
            "CreationTime": now,
            "LastModifiedTime": now,
            "OnlineStoreConfig": online,
            "OfflineStoreConfig": offline and offline_config(key.owner, key.name, offline, now),
            "OfflineStoreStatus": offline and {"Status": "Active"},
            "ThroughputConfig": parameters.get("ThroughputConfig", ON_DEMAND),
            "RoleArn": parameters.get("RoleArn"),
            "FeatureGroupStatus": "Creating",
            "Description": parameters.get("Description"),
        }
    )


def _check_idle(group: Resource) -> None:
    if group.status in BUSY:
        raise ResourceInUse(f"FeatureGroup {group.name} is {group.status}; wait until that has ended.")


def _check_width(is_offline: bool, features: int) -> None:
    if is_offline and features > MOST_OFFLINE_FEATURES:
        raise NotServedHere(
            f"A feature group with an offline store and {features} features is not implemented here; "
            f"{MOST_OFFLINE_FEATURES} are, and {MOST_FEATURES} without an offline store."
        )


def _with_features(document: Document, added: list[Document]) -> Document:
    present = document["FeatureDefinitions"]
    storage_type = document.get("OnlineStoreConfig", {}).get("StorageType", "Standard")
    check_features(added, [each["FeatureName"] for each in present], storage_type)
    _check_width("OfflineStoreConfig" in document, len(present) + len(added))
    return {"FeatureDefinitions": [*present, *added]}


def _with_online(document: Document, change: Document) -> Document:
    present = document.get("OnlineStoreConfig", {})
    if not present.get("EnableOnlineStore"):
        raise ValidationException("The feature group has no online store to be changed.")
    wanted = change.get("StorageType", present["StorageType"])
    if wanted != present["StorageType"] and (present["StorageType"], wanted) != ("Standard", "Standard_V2"):
        raise ValidationException(
            f"An online store goes from Standard to Standard_V2 alone, not from {present['StorageType']} "
            f"to {wanted}."
        )
    return {"OnlineStoreConfig": written_ttl({**present, **change})}


def _with_throughput(document: Document, change: Document) -> Document:
    config = {**document["ThroughputConfig"], **change}
    if config["ThroughputMode"] == "OnDemand" and "ThroughputMode" in change:
        # Units that were provisioned before are of no use any more.
        config = dict(change)
    check_throughput(config)
    return {"ThroughputConfig": config}


# By what is asked for: the members of the group's document that become others.
_CHANGES: dict[str, Callable[[Document, Any], Document]] = {
    "FeatureAdditions": _with_features,
    "OnlineStoreConfig": _with_online,
    "ThroughputConfig": _with_throughput,
}


def _summary(group: Resource) -> Document:
    return summary(
        group,
        "FeatureGroupName",
        "FeatureGroupArn",
        "CreationTime",
        "FeatureGroupStatus",
        "OfflineStoreStatus",
    )
