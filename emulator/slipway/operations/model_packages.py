"""Model packages: versions of a group, and packages on their own."""

from collections.abc import Callable
from dataclasses import replace

from slipway.clock import Clock
from slipway.errors import ServiceError, ValidationException
from slipway.operations.listing import query_of, summary
from slipway.operations.model_package_groups import caller, existing_group, registry_key
from slipway.operations.request_tokens import once, used_for_another
from slipway.operations.tags import versions_have_no_tags
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import write_token
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document, without_empty
from slipway.resources.model_package import changes, deployed_container
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.store import AlreadyExistsError, MissingError, Store

# What would need an algorithm or a validation job to be true.
NOT_CARRIED_OUT = ("ValidationSpecification", "SourceAlgorithmSpecification")
# CreateModelPackage has a text of its own; callers compare with it to create the group then.
NO_GROUP = "Model Package Group does not exist."
# Which of them ListModelPackages tells; the model says of ModelPackageType that Unversioned is the default.
HAS_PARENT = {"Versioned": True, "Unversioned": False, "Both": None}


class ModelPackages:
    """The registry's packages.

    Nothing is checked when a package is created (validation by a transform
    job is refused), so it is Completed as soon as it is written. A version's
    number is never given again.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "CreateModelPackage"): self.create,
            (SAGEMAKER, "DescribeModelPackage"): self.describe,
            (SAGEMAKER, "ListModelPackages"): self.list,
            (SAGEMAKER, "BatchDescribeModelPackage"): self.batch_describe,
            (SAGEMAKER, "UpdateModelPackage"): self.update,
            (SAGEMAKER, "DeleteModelPackage"): self.delete,
        }

    def create(self, call: Call) -> Document:
        """CreateModelPackage: a version of a group, or a package of its own name."""
        parameters = call.parameters
        _check_creation(parameters)
        return self._once(call, lambda: self._create(call.owner, parameters))

    def describe(self, call: Call) -> Document:
        """DescribeModelPackage."""
        document = self._existing(call.owner, call.parameters["ModelPackageName"]).document
        if call.parameters.get("IncludedData") == "MetadataOnly" and "ModelCard" in document:
            return {**document, "ModelCard": _without(document["ModelCard"], "ModelCardContent")}
        return document

    def list(self, call: Call) -> Document:
        """ListModelPackages: a group's versions, or packages without one unless asked for."""
        parameters = call.parameters
        group_name = parameters.get("ModelPackageGroupName")
        parent = existing_group(self._store, call.owner, group_name).name if group_name else None
        kinds = parameters.get("ModelPackageType", "Versioned" if group_name else "Unversioned")
        query = query_of(call, parent=parent, label=parameters.get("ModelApprovalStatus"))
        page = self._store.page(call.owner, Kind.MODEL_PACKAGE, replace(query, has_parent=HAS_PARENT[kinds]))
        return without_empty(
            {
                "ModelPackageSummaryList": [_summary(package) for package in page.resources],
                "NextToken": write_token(call.operation, parameters, page.next),
            }
        )

    def batch_describe(self, call: Call) -> Document:
        """BatchDescribeModelPackage: each ARN has an answer or an error."""
        summaries: Document = {}
        errors: Document = {}
        for arn in call.parameters["ModelPackageArnList"]:
            try:
                summaries[arn] = _batch_summary(self._existing(call.owner, arn))
            except ServiceError as error:
                errors[arn] = {"ErrorCode": error.code, "ErrorResponse": str(error)}
        return {
            "ModelPackageSummaries": summaries,
            **({"BatchDescribeModelPackageErrorMap": errors} if errors else {}),
        }

    def update(self, call: Call) -> Document:
        """UpdateModelPackage."""
        return self._once(call, lambda: self._update(call))

    def delete(self, call: Call) -> Document:
        """DeleteModelPackage; models that were created from it go on."""
        package = self._existing(call.owner, call.parameters["ModelPackageName"])
        try:
            self._store.delete(package.key)
        except MissingError:
            raise _not_found(package.key) from None
        return {}

    def resolve_container(self, owner: Owner, container: Document) -> Document:
        """A container that names a package, with what the package says; any other as it is."""
        if "ModelPackageName" not in container:
            return container
        return deployed_container(self._existing(owner, container["ModelPackageName"]), container)

    def _create(self, owner: Owner, parameters: Document) -> Resource:
        group_name = parameters.get("ModelPackageGroupName")
        group = existing_group(self._store, owner, group_name, NO_GROUP) if group_name else None
        package = self._new(owner, parameters, group)
        label = package.document.get("ModelApprovalStatus", "")
        tags = checked_tags(parameters.get("Tags", ()))
        try:
            return self._store.create(package, tags, group.name if group else "", label)
        except AlreadyExistsError as error:
            raise ValidationException(f"ModelPackage already exists: {error.existing.arn}") from None

    def _new(self, owner: Owner, parameters: Document, group: Resource | None) -> Resource:
        identity: Document = {}
        if group is None:
            name = parameters["ModelPackageName"]
        else:
            version = self._store.next_number(f"versions of {group.arn}")
            name = f"{group.name}/{version}"
            identity = {
                "ModelPackageGroupName": group.name,
                "ModelPackageVersion": version,
                "ModelApprovalStatus": "PendingManualApproval",
            }
        key = Key(owner, Kind.MODEL_PACKAGE, name)
        now = self._clock.now()
        given = {
            member: value
            for member, value in parameters.items()
            if member not in ("Tags", "ClientToken", "ModelPackageGroupName")
        }
        document = {
            **identity,
            "CertifyForMarketplace": False,
            **given,
            # The model on a version's name: "follows the format ModelPackageGroupName/ModelPackageVersion".
            "ModelPackageName": name,
            "ModelPackageArn": key.arn,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CreationTime": now,
            "CreatedBy": caller(owner),
        }
        return Resource(key, now, now, "Completed", document)

    def _update(self, call: Call) -> Resource:
        package = self._existing(call.owner, call.parameters["ModelPackageArn"])
        modified = {"LastModifiedTime": self._clock.now(), "LastModifiedBy": caller(call.owner)}

        def change(present: Resource) -> Resource:
            return present.with_document({**changes(present, call.parameters), **modified})

        try:
            return self._store.transition(
                package.key, change, label=call.parameters.get("ModelApprovalStatus")
            )
        except MissingError:
            raise _not_found(package.key) from None

    def _existing(self, owner: Owner, name_or_arn: str) -> Resource:
        key = registry_key(owner, Kind.MODEL_PACKAGE, name_or_arn)
        package = self._store.get(key) if key.owner == owner and key.kind is Kind.MODEL_PACKAGE else None
        if package is None:
            raise _not_found(key)
        return package

    def _once(self, call: Call, carry_out: Callable[[], Resource]) -> Document:
        """Carry out what a ClientToken stands for, and answer its repetitions with the same package."""
        name = once(self._store, call, lambda: carry_out().name)
        package = self._store.get(Key(call.owner, Kind.MODEL_PACKAGE, name))
        if package is None:
            raise used_for_another(call)
        return {"ModelPackageArn": package.arn}


def _check_creation(parameters: Document) -> None:
    group, name = parameters.get("ModelPackageGroupName"), parameters.get("ModelPackageName")
    if group and name:
        raise ValidationException(
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use."
        )
    if not group and not name:
        raise ValidationException("Missing ARN.")
    if group and parameters.get("Tags"):
        raise versions_have_no_tags()
    containers = parameters.get("InferenceSpecification", {}).get("Containers", ())
    if name and any(container.get("Environment") for container in containers):
        # As a public program that copies packages has recorded it.
        raise ValidationException(
            "1 validation errors detected:"
            "Environment variable map cannot be specified when using non-versioned ModelPackages"
        )
    for member in NOT_CARRIED_OUT:
        if member in parameters:
            raise ValidationException(
                f"{member} is not carried out by Slipway's control plane; "
                "describe the containers in InferenceSpecification."
            )


def _without(document: Document, member: str) -> Document:
    return {name: value for name, value in document.items() if name != member}


def _not_found(key: Key) -> ValidationException:
    return ValidationException(f"ModelPackage {key.arn} does not exist.")


def _summary(package: Resource) -> Document:
    # The names of versions are not listed (recorded answers of ListModelPackages have none).
    name = () if "ModelPackageVersion" in package.document else ("ModelPackageName",)
    members = ("ModelPackageStatus", "ModelApprovalStatus", "ModelLifeCycle", "ModelPackageRegistrationType")
    return summary(package, *name, *IDENTITY, *members)


IDENTITY = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
)


def _batch_summary(package: Resource) -> Document:
    members = (
        "InferenceSpecification",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "ModelPackageRegistrationType",
    )
    return summary(package, *IDENTITY, *members)
