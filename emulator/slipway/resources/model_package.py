"""What may be done to a model package: approvals, changes, and the container that it is deployed as."""

from collections.abc import Mapping, Sequence

from slipway.errors import ValidationException
from slipway.resources.document import Document
from slipway.resources.resource import Resource

# Developer guide, "Update the Approval Status of a Model".
_APPROVALS: Mapping[str, frozenset[str]] = {
    "PendingManualApproval": frozenset({"Approved", "Rejected"}),
    "Approved": frozenset({"Rejected"}),
    "Rejected": frozenset({"Approved"}),
}
# UpdateModelPackage's members that take the place of what is there.
REPLACED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)
LARGEST_METADATA = 50  # the model's CustomerMetadataMap
MOST_SPECIFICATIONS = 15  # the model's text on AdditionalInferenceSpecificationsToAdd


def changes(package: Resource, parameters: Document) -> Document:
    """What UpdateModelPackage makes of a package's document; None removes a member.

    Raises ValidationException where the change is not allowed.
    """
    present = package.document
    replaced = {name: parameters[name] for name in REPLACED if name in parameters}
    before, after = present.get("ModelApprovalStatus"), replaced.get("ModelApprovalStatus")
    if before and after and before != after and after not in _APPROVALS[before]:
        allowed = " or ".join(sorted(_APPROVALS[before]))
        raise ValidationException(
            f"ModelApprovalStatus of {package.arn} cannot change from {before} to {after}, only to {allowed}."
        )
    return {
        **replaced,
        "CustomerMetadataProperties": _metadata(present, parameters),
        "AdditionalInferenceSpecifications": _specifications(present, parameters),
    }


def _metadata(present: Document, parameters: Document) -> Document | None:
    removed = set(parameters.get("CustomerMetadataPropertiesToRemove", ()))
    kept = {
        key: value
        for key, value in present.get("CustomerMetadataProperties", {}).items()
        if key not in removed
    }
    merged = {**kept, **parameters.get("CustomerMetadataProperties", {})}
    if len(merged) > LARGEST_METADATA:
        raise ValidationException(
            f"CustomerMetadataProperties would have {len(merged)} entries; {LARGEST_METADATA} are allowed."
        )
    return merged or None


def _specifications(present: Document, parameters: Document) -> Sequence[Document] | None:
    specifications = [
        *present.get("AdditionalInferenceSpecifications", ()),
        *parameters.get("AdditionalInferenceSpecificationsToAdd", ()),
    ]
    names = [specification["Name"] for specification in specifications]
    if len(set(names)) < len(names):
        raise ValidationException("The Name of each additional inference specification must be its own.")
    if len(names) > MOST_SPECIFICATIONS:
        raise ValidationException(
            f"There would be {len(names)} additional inference specifications; "
            f"{MOST_SPECIFICATIONS} are allowed."
        )
    return specifications or None


def deployed_container(package: Resource, container: Document) -> Document:
    """`container` with image, artefact and environment of the package that it names.

    What the caller's own Environment says goes before what the package says.
    Raises ValidationException for a package that may not be deployed, or cannot be by one container.
    """
    approval = package.document.get("ModelApprovalStatus")
    if "ModelPackageVersion" in package.document and approval != "Approved":
        raise ValidationException(
            f"Model package {package.arn} is {approval}, not Approved; "
            "approve it with UpdateModelPackage before a model is created from it."
        )
    if package.status != "Completed":
        raise ValidationException(f"Model package {package.arn} is {package.status}, not Completed.")
    packaged = _containers(package, container.get("InferenceSpecificationName"))
    if len(packaged) != 1:
        raise ValidationException(
            f"Model package {package.arn} has {len(packaged)} containers and stands for one here; "
            "create the model from containers of its own."
        )
    specification = packaged[0]
    if "Image" not in specification:
        raise ValidationException(f"Model package {package.arn} names no image.")
    taken = ("Image", "ModelDataUrl", "ModelDataSource", "AdditionalModelDataSources", "ContainerHostname")
    environment = {**specification.get("Environment", {}), **container.get("Environment", {})}
    return {
        **{name: specification[name] for name in taken if name in specification},
        **container,
        **({"Environment": environment} if environment else {}),
    }


def _containers(package: Resource, specification_name: str | None) -> Sequence[Document]:
    """The containers of the package's specification, or of the additional one of that name."""
    if specification_name is None:
        specification: Document = package.document.get("InferenceSpecification", {})
        containers: Sequence[Document] = specification.get("Containers", ())
        return containers
    for additional in package.document.get("AdditionalInferenceSpecifications", ()):
        if additional["Name"] == specification_name:
            named: Sequence[Document] = additional["Containers"]
            return named
    raise ValidationException(
        f"Model package {package.arn} has no inference specification named {specification_name}."
    )
