"""A model package group's versions, and the rows that they were trained on."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlparse

Document = dict[str, Any]

# Key of a version's CustomerMetadataProperties.
EXECUTION_ID = "pipeline-execution-id"
# Where a retraining's training set is put, below the bucket: what was made by one
# is no base for the next one, which takes what came since from where it came to.
RETRAINED = "incoming/retraining-"
VERSIONS = 100


class NothingToTrainOnError(Exception):
    """There is nothing that new training data could be made of; the message says what is missing."""


class Versions:
    """The versions of one project."""

    def __init__(self, sagemaker: Any, s3: Any, group: str, training_pipeline_name: str) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._group = group
        self._training_pipeline_name = training_pipeline_name

    def newest_first(self) -> list[Document]:
        """The newest versions with all that is known of each."""
        listed = self._sagemaker.list_model_packages(
            ModelPackageGroupName=self._group,
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=VERSIONS,
        )["ModelPackageSummaryList"]
        return [
            self._sagemaker.describe_model_package(ModelPackageName=item["ModelPackageArn"])
            for item in sorted(listed, key=lambda item: int(item["ModelPackageVersion"]), reverse=True)
        ]

    def base_rows(self, versions: list[Document], folder: str) -> str:
        """What the newest approved version was trained on that is no retraining's.

        As it was then: an object that was overwritten since is copied from its version, below `folder`.
        Raises NothingToTrainOnError.
        """
        for version in versions:
            if version["ModelApprovalStatus"] != "Approved":
                continue
            bucket, key, data_version = self._data_of(version)
            if key.startswith(RETRAINED):
                continue
            present = self._s3.head_object(Bucket=bucket, Key=key)
            if present.get("VersionId", "null") == data_version:
                return f"s3://{bucket}/{key}"
            copy = urlparse(f"{folder}/base/{key.rpartition('/')[2]}")
            self._s3.copy_object(
                Bucket=copy.netloc,
                Key=copy.path.lstrip("/"),
                CopySource={"Bucket": bucket, "Key": key, "VersionId": data_version},
            )
            return copy.geturl()
        raise NothingToTrainOnError(
            f"no Approved version of {self._group} was trained on rows that "
            "are no retraining's; run the project once and approve its version"
        )

    def _data_of(self, version: Document) -> tuple[str, str, str]:
        """Bucket, key and version of the rows that a version of the model was trained on."""
        pipeline = self._sagemaker.describe_pipeline(PipelineName=self._training_pipeline_name)
        execution_arn = f"{pipeline['PipelineArn']}/execution/{metadata_of(version)[EXECUTION_ID]}"
        given = self._sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=execution_arn)
        values = {each["Name"]: each["Value"] for each in given["PipelineParameters"]}
        return values["DataBucket"], values["DataKey"], values["DataVersion"]


def metadata_of(version: Mapping[str, Any]) -> dict[str, str]:
    """What the pipeline wrote down about a version."""
    found: dict[str, str] = version.get("CustomerMetadataProperties", {})
    return found
