"""Where the rows of a retraining are: captured requests, their labels, and what was first trained on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlparse

from orchestration.handlers.windows import Window, captured_keys, label_keys, write_manifest

Document = dict[str, Any]

# Keys of a version's CustomerMetadataProperties.
EXECUTION_ID, ENCODER_URI = "pipeline-execution-id", "encoder-uri"
# Where a retraining's training set is put, below the bucket: what was made of captured rows
# is no base for the next one, which takes them from where they were captured.
RETRAINED = "incoming/retraining-"
VERSIONS = 100


@dataclass(frozen=True)
class Sources:
    """Where to look, and how far back."""

    endpoint_name: str
    captured_uri: str
    ground_truth_uri: str
    windows_uri: str
    model_package_group_name: str
    training_pipeline_name: str
    look_back: timedelta


class NothingToTrainOnError(Exception):
    """The look-back has nothing that a training set could be made of; the message says what is missing."""


class LabelledRows:
    """Finds what one retraining is made of, and leaves its manifests."""

    def __init__(self, sagemaker: Any, s3: Any, sources: Sources) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._sources = sources

    def collect(self, execution_id: str, end: datetime) -> Document:
        """URIs of a manifest each for captured requests, labels and encoders, and that of the base rows.

        Raises NothingToTrainOnError.
        """
        sources = self._sources
        window = Window(end - sources.look_back, end)
        captured = captured_keys(self._s3, sources.captured_uri, sources.endpoint_name, window)
        if not captured:
            raise NothingToTrainOnError(f"Job inputs had no data: no request was captured {window}")
        labels = label_keys(self._s3, sources.ground_truth_uri, window.start)
        if not labels:
            raise NothingToTrainOnError(f"no ground truth found {window}")
        versions = list(self._versions())
        folder = f"{sources.windows_uri}/{execution_id}"
        return {
            "captured": write_manifest(
                self._s3, f"{folder}/captured.manifest", f"{sources.captured_uri}/", captured
            ),
            "labels": write_manifest(
                self._s3, f"{folder}/labels.manifest", f"{sources.ground_truth_uri}/", labels
            ),
            "encoders": self._encoders(versions, f"{folder}/encoders.manifest"),
            "base": self._base(versions, folder),
        }

    def _versions(self) -> Iterator[Document]:
        """The group's newest versions with all that is known of each, newest first."""
        listed = self._sagemaker.list_model_packages(
            ModelPackageGroupName=self._sources.model_package_group_name,
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=VERSIONS,
        )["ModelPackageSummaryList"]
        for item in sorted(listed, key=lambda item: int(item["ModelPackageVersion"]), reverse=True):
            yield self._sagemaker.describe_model_package(ModelPackageName=item["ModelPackageArn"])

    def _encoders(self, versions: list[Document], manifest_uri: str) -> str:
        """Every version's encoder, whatever was decided about it: it may have served once."""
        prefix = f"s3://{urlparse(self._sources.captured_uri).netloc}/"
        named = {_metadata(version).get(ENCODER_URI, "") for version in versions}
        uris = sorted(uri for uri in named if uri.startswith(prefix))
        if not uris:
            raise NothingToTrainOnError(
                f"no version of {self._sources.model_package_group_name} names its encoder as {ENCODER_URI}"
            )
        return write_manifest(self._s3, manifest_uri, prefix, uris)

    def _base(self, versions: list[Document], folder: str) -> str:
        """What the newest approved version was trained on that is no retraining's.

        As it was then: an object that was overwritten since is copied from its version.
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
            f"no Approved version of {self._sources.model_package_group_name} was trained on rows that "
            "are no retraining's; run the project once and approve its version"
        )

    def _data_of(self, version: Document) -> tuple[str, str, str]:
        """Bucket, key and version of the rows that a version of the model was trained on."""
        pipeline = self._sagemaker.describe_pipeline(PipelineName=self._sources.training_pipeline_name)
        execution_arn = f"{pipeline['PipelineArn']}/execution/{_metadata(version)[EXECUTION_ID]}"
        given = self._sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=execution_arn)
        values = {each["Name"]: each["Value"] for each in given["PipelineParameters"]}
        return values["DataBucket"], values["DataKey"], values["DataVersion"]


def _metadata(version: Document) -> dict[str, str]:
    found: dict[str, str] = version.get("CustomerMetadataProperties", {})
    return found
