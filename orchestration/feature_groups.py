"""`make features`: a project's feature groups, which versions were trained on them, and their deletion.

Nothing else deletes one: a version that serves is asked with the columns of its group.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws, error_code
from orchestration.console import Console
from orchestration.endpoint import CHANGING, Endpoint
from orchestration.errors import FeatureGroupError
from orchestration.figures_file import write_figures
from orchestration.kinds import kind_of
from orchestration.model_registry import Registry, metadata, newest_approved
from orchestration.names import FEATURE_GROUP_NAME
from orchestration.project import Project
from orchestration.settings import Settings

# The tag that `ingest` gives a group once all of its records are there.
RECORDS_TAG = "slipway:records"
DELETED_SECONDS = 300.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class EncodingGroup:
    """A feature group; `records` is None as long as not all of them are known to be there."""

    name: str
    status: str
    created_at: str
    records: int | None
    offline_store_uri: str | None
    versions: tuple[int, ...]
    serving_version: int | None


@dataclass(slots=True)
class FeaturesRecord:
    """build/features.json."""

    project: str
    groups: list[EncodingGroup] = field(default_factory=list)
    deleted: str | None = None

    def write(self, file: Path) -> None:
        """Replace `file` with this record, whole."""
        write_figures(self, file)


@dataclass(frozen=True, slots=True)
class FeatureGroups:
    """The feature groups of one project."""

    aws: Aws
    project: str
    # How their names begin.
    prefix: str

    def groups(self) -> list[EncodingGroup]:
        """Every group, newest first, with the versions that name it."""
        named, serving = self._versions_by_group(), self._serving_versions()
        found = [self._described(name, named.get(name, ()), serving) for name in self._names()]
        return sorted(found, key=lambda group: group.created_at, reverse=True)

    def delete(self, group: EncodingGroup) -> None:
        """Delete a group and return once it is gone; what its offline store holds in S3 stays there.

        Raises FeatureGroupError where a version that serves names it, or where it cannot be deleted.
        """
        if group.serving_version is not None:
            raise FeatureGroupError(
                f"{group.name} is not deleted: version {group.serving_version}, which "
                f"{Endpoint(self.aws, self.project).name} serves, was trained on it and is asked with its "
                "records; approve a version that names another group, or delete the endpoint"
            )
        self.aws.sagemaker.delete_feature_group(FeatureGroupName=group.name)
        deadline = time.monotonic() + DELETED_SECONDS
        while (described := self._description(group.name)) is not None:
            if described["FeatureGroupStatus"] == "DeleteFailed":
                raise FeatureGroupError(
                    f"{group.name} is not deleted: {described.get('FailureReason', 'no reason is given')}"
                )
            if time.monotonic() > deadline:
                raise FeatureGroupError(
                    f"{group.name} is {described['FeatureGroupStatus']} after {DELETED_SECONDS:.0f} s"
                )
            time.sleep(POLL_SECONDS)

    def _names(self) -> Iterator[str]:
        # Another project's name may begin with this one's.
        pattern = re.compile(rf"{re.escape(self.prefix)}-[0-9a-f]{{12}}")
        pages = self.aws.sagemaker.get_paginator("list_feature_groups").paginate(NameContains=self.prefix)
        for page in pages:
            for item in page["FeatureGroupSummaries"]:
                if pattern.fullmatch(item["FeatureGroupName"]):
                    yield item["FeatureGroupName"]

    def _described(self, name: str, versions: tuple[int, ...], serving: frozenset[int]) -> EncodingGroup:
        described = self.aws.sagemaker.describe_feature_group(FeatureGroupName=name)
        tags = {
            tag["Key"]: tag["Value"]
            for page in self.aws.sagemaker.get_paginator("list_tags").paginate(
                ResourceArn=described["FeatureGroupArn"]
            )
            for tag in page["Tags"]
        }
        storage: dict[str, Any] = described.get("OfflineStoreConfig", {}).get("S3StorageConfig", {})
        return EncodingGroup(
            name=name,
            status=described["FeatureGroupStatus"],
            created_at=f"{described['CreationTime']:%Y-%m-%dT%H:%M:%S%z}",
            records=int(tags[RECORDS_TAG]) if RECORDS_TAG in tags else None,
            offline_store_uri=storage.get("ResolvedOutputS3Uri"),
            versions=versions,
            serving_version=max((number for number in versions if number in serving), default=None),
        )

    def _description(self, name: str) -> dict[str, Any] | None:
        try:
            described: dict[str, Any] = self.aws.sagemaker.describe_feature_group(FeatureGroupName=name)
        except ClientError as error:
            if error_code(error) != "ResourceNotFound":
                raise
            return None
        return described

    def _versions_by_group(self) -> dict[str, tuple[int, ...]]:
        registry = Registry(self.aws, self.project)
        named: dict[str, tuple[int, ...]] = {}
        for version in sorted(registry.versions(), key=lambda version: version.number):
            name = metadata(registry.describe(version.arn)).get(FEATURE_GROUP_NAME)
            if name is not None:
                named[name] = (*named.get(name, ()), version.number)
        return named

    def _serving_versions(self) -> frozenset[int]:
        """The version that serves, and the one that is being deployed."""
        serving = Endpoint(self.aws, self.project).serving()
        if serving is None:
            return frozenset()
        numbers = set()
        if serving.model_package_arn is not None:
            numbers.add(int(serving.model_package_arn.rpartition("/")[2]))
        if serving.status in CHANGING:
            coming = newest_approved(Registry(self.aws, self.project).versions())
            numbers |= {coming.number} if coming else set()
        return frozenset(numbers)


def features(
    project: Project, settings: Settings, delete: str | None, console: Console, file: Path
) -> FeaturesRecord:
    """List the project's groups, without `delete`, or delete that one; `file` says what there is afterwards.

    Raises FeatureGroupError where there is none of that name, or it must stay.
    """
    groups = FeatureGroups(Aws(settings), project.name, kind_of(project).feature_group_prefix())
    record = FeaturesRecord(project.name, groups.groups())
    record.write(file)
    if delete is not None:
        group = chosen(record.groups, project.name, delete)
        console.step("delete")
        groups.delete(group)
        console.done(f"{group.name}; what its offline store holds stays: {group.offline_store_uri}")
        record.groups.remove(group)
        record.deleted = group.name
        record.write(file)
    return record


def chosen(groups: list[EncodingGroup], project: str, name: str) -> EncodingGroup:
    """The group of that name. Raises FeatureGroupError, which says which there are."""
    by_name = {group.name: group for group in groups}
    if name not in by_name:
        known = ", ".join(by_name) or "none"
        raise FeatureGroupError(f"{project} has no feature group called {name!r}; there are: {known}")
    return by_name[name]


def lines(record: FeaturesRecord) -> Iterator[tuple[str, ...]]:
    """Rows of a table, its head first."""
    if not record.groups:
        yield (f"{record.project} has no feature group; a run of a project with feature_group makes one",)
        return
    yield ("feature group", "status", "records", "created", "versions")
    for group in record.groups:
        records = f"{group.records:,}" if group.records is not None else "not all"
        numbers = [
            f"{number} serves" if number == group.serving_version else str(number)
            for number in group.versions
        ]
        yield (group.name, group.status, records, group.created_at, ", ".join(numbers) or "none")
