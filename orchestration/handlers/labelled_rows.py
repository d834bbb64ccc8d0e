"""Where the rows of a retraining are: captured requests, their labels, and what was first trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlparse

from orchestration.handlers.versions import NothingToTrainOnError, Versions, metadata_of
from orchestration.handlers.windows import Window, captured_keys, label_keys, write_manifest

Document = dict[str, Any]

# Key of a version's CustomerMetadataProperties.
ENCODER_URI = "encoder-uri"


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

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Sources":
        """Raises KeyError with the name of a variable that is missing."""
        return cls(
            endpoint_name=environ["ENDPOINT_NAME"],
            captured_uri=environ["CAPTURED_URI"],
            ground_truth_uri=environ["GROUND_TRUTH_URI"],
            windows_uri=environ["WINDOWS_URI"],
            model_package_group_name=environ["MODEL_PACKAGE_GROUP_NAME"],
            training_pipeline_name=environ["TRAINING_PIPELINE_NAME"],
            look_back=timedelta(seconds=int(environ["LOOK_BACK_SECONDS"])),
        )


class LabelledRows:
    """Finds what one retraining is made of, and leaves its manifests."""

    def __init__(self, sagemaker: Any, s3: Any, sources: Sources) -> None:
        self._s3 = s3
        self._sources = sources
        self._versions = Versions(
            sagemaker, s3, sources.model_package_group_name, sources.training_pipeline_name
        )

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
        versions = self._versions.newest_first()
        folder = f"{sources.windows_uri}/{execution_id}"
        return {
            "captured": write_manifest(
                self._s3, f"{folder}/captured.manifest", f"{sources.captured_uri}/", captured
            ),
            "labels": write_manifest(
                self._s3, f"{folder}/labels.manifest", f"{sources.ground_truth_uri}/", labels
            ),
            "encoders": self._encoders(versions, f"{folder}/encoders.manifest"),
            "base": self._versions.base_rows(versions, folder),
        }

    def _encoders(self, versions: list[Document], manifest_uri: str) -> str:
        """Every version's encoder, whatever was decided about it: it may have served once."""
        prefix = f"s3://{urlparse(self._sources.captured_uri).netloc}/"
        named = {metadata_of(version).get(ENCODER_URI, "") for version in versions}
        uris = sorted(uri for uri in named if uri.startswith(prefix))
        if not uris:
            raise NothingToTrainOnError(
                f"no version of {self._sources.model_package_group_name} names its encoder as {ENCODER_URI}"
            )
        return write_manifest(self._s3, manifest_uri, prefix, uris)
