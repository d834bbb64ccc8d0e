"""Model package groups: the models whose versions the registry counts."""

import json

from slipway.clock import Clock
from slipway.errors import ConflictException, ValidationException
from slipway.operations.listing import list_page, summary
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.arn import key_of_arn
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.query import Query
from slipway.store.store import AlreadyExistsError, Store


class ModelPackageGroups:
    """Groups and their resource policies.

    A group has nothing to prepare, so it is Completed as soon as it is
    written. Its versions are rows whose parent is its name.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "CreateModelPackageGroup"): self.create,
            (SAGEMAKER, "DescribeModelPackageGroup"): self.describe,
            (SAGEMAKER, "ListModelPackageGroups"): self.list,
            (SAGEMAKER, "DeleteModelPackageGroup"): self.delete,
            (SAGEMAKER, "PutModelPackageGroupPolicy"): self.put_policy,
            (SAGEMAKER, "GetModelPackageGroupPolicy"): self.get_policy,
            (SAGEMAKER, "DeleteModelPackageGroupPolicy"): self.delete_policy,
        }

    def create(self, call: Call) -> Document:
        """CreateModelPackageGroup."""
        parameters = call.parameters
        key = Key(call.owner, Kind.MODEL_PACKAGE_GROUP, parameters["ModelPackageGroupName"])
        now = self._clock.now()
        document = without_empty(
            {
                "ModelPackageGroupName": key.name,
                "ModelPackageGroupArn": key.arn,
                "ModelPackageGroupDescription": parameters.get("ModelPackageGroupDescription"),
                "ManagedConfiguration": parameters.get("ManagedConfiguration"),
                "CreationTime": now,
                "CreatedBy": caller(call.owner),
                "ModelPackageGroupStatus": "Completed",
            }
        )
        group = Resource(key, now, now, "Completed", document)
        try:
            self._store.create(group, checked_tags(parameters.get("Tags", ())))
        except AlreadyExistsError as error:
            raise ValidationException(f"Model Package Group already exists: {error.existing.arn}") from None
        return {"ModelPackageGroupArn": key.arn}

    def describe(self, call: Call) -> Document:
        """DescribeModelPackageGroup."""
        return existing_group(self._store, call.owner, call.parameters["ModelPackageGroupName"]).document

    def list(self, call: Call) -> Document:
        """ListModelPackageGroups; nobody shares a group with another account here."""
        if call.parameters.get("CrossAccountFilterOption") == "CrossAccount":
            return {"ModelPackageGroupSummaryList": []}
        member = "ModelPackageGroupSummaryList"
        return list_page(self._store, call, Kind.MODEL_PACKAGE_GROUP, member, _summary)

    def delete(self, call: Call) -> Document:
        """DeleteModelPackageGroup; one with versions stays."""
        with self._store.all_or_nothing():
            group = existing_group(self._store, call.owner, call.parameters["ModelPackageGroupName"])
            versions = self._store.page(call.owner, Kind.MODEL_PACKAGE, Query(limit=1, parent=group.name))
            if versions.resources:
                raise ConflictException(
                    f"Model Package Group {group.arn} cannot be deleted because it still contains "
                    "Model Packages; delete its versions first."
                )
            self._store.delete(group.key)
        return {}

    def put_policy(self, call: Call) -> Document:
        """PutModelPackageGroupPolicy: kept and answered; nothing here asks for permission."""
        policy = call.parameters["ResourcePolicy"]
        if not _is_policy(policy):
            raise ValidationException("Invalid resource policy: it must be a JSON object.")
        group = self._group_with_policy(call)
        self._store.transition(group.key, lambda present: present.with_internal({"ResourcePolicy": policy}))
        return {"ModelPackageGroupArn": group.arn}

    def get_policy(self, call: Call) -> Document:
        """GetModelPackageGroupPolicy."""
        group = self._group_with_policy(call)
        if "ResourcePolicy" not in group.internal:
            raise _no_policy(group)
        return {"ResourcePolicy": group.internal["ResourcePolicy"]}

    def delete_policy(self, call: Call) -> Document:
        """DeleteModelPackageGroupPolicy."""
        group = self._group_with_policy(call)
        if "ResourcePolicy" not in group.internal:
            raise _no_policy(group)
        self._store.transition(group.key, lambda present: present.with_internal({"ResourcePolicy": None}))
        return {}

    def _group_with_policy(self, call: Call) -> Resource:
        key = Key(call.owner, Kind.MODEL_PACKAGE_GROUP, call.parameters["ModelPackageGroupName"])
        group = self._store.get(key)
        if group is None:
            # The three operations on policies have a text of their own.
            raise ValidationException(f"Cannot find Model Package Group: {key.arn}")
        return group


def existing_group(
    store: Store, owner: Owner, name_or_arn: str, missing: str = "ModelPackageGroup {arn} does not exist."
) -> Resource:
    """The group of that name or ARN. Raises ValidationException in AWS's words, which are `missing`."""
    key = registry_key(owner, Kind.MODEL_PACKAGE_GROUP, name_or_arn)
    group = store.get(key) if key.owner == owner and key.kind is Kind.MODEL_PACKAGE_GROUP else None
    if group is None:
        raise ValidationException(missing.format(arn=key.arn))
    return group


def registry_key(owner: Owner, kind: Kind, name_or_arn: str) -> Key:
    """What a name, or an ARN of whatever kind, stands for.

    Raises ValidationException for an ARN of another region, or of a kind that is not kept here.
    """
    if not name_or_arn.startswith("arn:"):
        return Key(owner, kind, name_or_arn)
    key = key_of_arn(name_or_arn)
    if key is None:
        raise ValidationException(f"Invalid ARN: {name_or_arn}")
    if key.owner.region != owner.region:
        raise ValidationException(f"ARN should be scoped to correct region: {owner.region}")
    return key


def caller(owner: Owner) -> Document:
    """Who made a change; callers are told apart by account alone."""
    root = f"arn:aws:iam::{owner.account_id}:root"
    return {"IamIdentity": {"Arn": root, "PrincipalId": owner.account_id}}


def _no_policy(group: Resource) -> ValidationException:
    return ValidationException(f"Cannot find resource policy for: {group.arn}")


def _is_policy(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _summary(group: Resource) -> Document:
    return summary(
        group,
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
        "ModelPackageGroupDescription",
        "CreationTime",
        "ModelPackageGroupStatus",
        "ManagedConfiguration",
    )
