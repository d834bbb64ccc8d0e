"""A project's versions in the model registry: listed, approved, rejected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws, error_code, error_message
from orchestration.errors import RegistryError
from orchestration.names import model_package_group_name

PENDING, APPROVED, REJECTED = "PendingManualApproval", "Approved", "Rejected"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the project's group."""

    number: int
    arn: str
    status: str


@dataclass(frozen=True, slots=True)
class Registry:
    """The versions of one project."""

    aws: Aws
    project: str

    @property
    def group(self) -> str:
        """The name of the group."""
        return model_package_group_name(self.project)

    def ensure_group(self) -> None:
        """Create the group unless it is there."""
        try:
            self.aws.sagemaker.create_model_package_group(
                ModelPackageGroupName=self.group,
                ModelPackageGroupDescription=f"The models of Slipway's project {self.project}",
            )
        except ClientError as error:
            if "already exists" not in error_message(error).lower():
                raise RegistryError(f"the group {self.group} cannot be created: {error}") from error

    def versions(self) -> list[Version]:
        """Every version, newest first; none where there is no group."""
        pages = self.aws.sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.group, SortBy="CreationTime", SortOrder="Descending"
        )
        try:
            found = [
                Version(item["ModelPackageVersion"], item["ModelPackageArn"], item["ModelApprovalStatus"])
                for page in pages
                for item in page["ModelPackageSummaryList"]
            ]
        except ClientError as error:
            if error_code(error) not in ("ValidationException", "ResourceNotFound"):
                raise
            return []
        return sorted(found, key=lambda version: version.number, reverse=True)

    def describe(self, arn: str) -> dict[str, Any]:
        """DescribeModelPackage."""
        answer: dict[str, Any] = self.aws.sagemaker.describe_model_package(ModelPackageName=arn)
        return answer

    def version(self, arn: str) -> Version:
        """The version of that ARN as it is now."""
        answer = self.describe(arn)
        return Version(
            answer["ModelPackageVersion"], answer["ModelPackageArn"], answer["ModelApprovalStatus"]
        )

    def decide(self, version: Version, status: str, description: str) -> Version:
        """Approve or reject a version. Raises RegistryError where that is what it is already."""
        if version.status == status:
            raise RegistryError(
                f"version {version.number} of {self.group} is {status} already; nothing was changed"
            )
        self.aws.sagemaker.update_model_package(
            ModelPackageArn=version.arn, ModelApprovalStatus=status, ApprovalDescription=description
        )
        return Version(version.number, version.arn, status)


def chosen(versions: list[Version], group: str, number: int | None) -> Version:
    """The version of that number; without one the newest that waits for a decision.

    Raises RegistryError, which says which versions there are.
    """
    if not versions:
        raise RegistryError(f"{group} has no version yet; `make run` registers one")
    known = ", ".join(f"{version.number} {version.status}" for version in versions)
    if number is None:
        pending = [version for version in versions if version.status == PENDING]
        if not pending:
            raise RegistryError(
                f"no version of {group} waits for a decision; VERSION=n names one of: {known}"
            )
        return pending[0]
    by_number = {version.number: version for version in versions}
    if number not in by_number:
        raise RegistryError(f"{group} has no version {number}; there are: {known}")
    return by_number[number]


def newest_approved(versions: list[Version]) -> Version | None:
    """The version that the endpoint is to serve."""
    return next((version for version in versions if version.status == APPROVED), None)


def metadata(package: Mapping[str, Any]) -> dict[str, str]:
    """What the pipeline wrote down about a version."""
    return dict(package.get("CustomerMetadataProperties", {}))
