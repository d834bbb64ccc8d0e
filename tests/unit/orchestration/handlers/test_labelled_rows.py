"""What a retraining is made of: captured requests, labels, encoders, and rows that were first trained on."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.handlers.labelled_rows import LabelledRows
from orchestration.handlers.versions import NothingToTrainOnError
from tests.support.control_plane import ControlPlane
from tests.support.objects import Objects
from tests.support.pipeline_plane import ROLE, PipelinePlane, definition
from tests.unit.orchestration.handlers.test_retrain import SOURCES

GROUP, PIPELINE = "slipway-bank", "slipway-bank-training"
END = datetime(2026, 11, 26, 12, tzinfo=UTC)
NAMES = ("DataBucket", "DataKey", "DataVersion")
CAPTURED = "s3://slipway-bank/captured/slipway-bank/AllTraffic/2026/11/{day}/11/a.jsonl"
LABELS = "s3://slipway-bank/ground-truth/2026/11/26/{hour}/a.jsonl"


@dataclass
class Bank:
    """Versions that were trained by executions, and the objects of a bucket."""

    plane: ControlPlane
    client: Any
    s3: Objects

    def version(self, key: str, data_version: str = "v1", status: str = "Approved") -> str:
        """A version that was trained on that object; returns its execution's id."""
        self.plane.clock.move(1)
        arn = self.client.start_pipeline_execution(
            PipelineName=PIPELINE,
            PipelineParameters=[
                {"Name": name, "Value": value}
                for name, value in zip(NAMES, ("slipway-bank", key, data_version), strict=True)
            ],
        )["PipelineExecutionArn"]
        execution_id: str = arn.rpartition("/")[2]
        self.client.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [{"Image": "churn:1", "ModelDataUrl": "s3://b/model.tar.gz"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            CustomerMetadataProperties={
                "pipeline-execution-id": execution_id,
                "encoder-uri": f"s3://slipway-bank/executions/{execution_id}/encoder.json",
            },
        )
        self.s3.put(f"s3://slipway-bank/{key}")
        self.s3.versions.setdefault(("slipway-bank", key), data_version)
        return execution_id

    def collect(self) -> dict[str, str]:
        collected: dict[str, str] = LabelledRows(self.client, self.s3, SOURCES).collect("abc", END)
        return collected

    def manifest(self, uri: str) -> Any:
        return json.loads(self.s3.stored["slipway-bank", uri.removeprefix("s3://slipway-bank/")])


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    plane = ControlPlane(tmp_path)
    PipelinePlane(plane)
    client = plane.client()
    client.create_pipeline(
        PipelineName=PIPELINE,
        PipelineDefinition=definition(parameters=[{"Name": name, "Type": "String"} for name in NAMES]),
        RoleArn=ROLE,
        ClientRequestToken="a" * 32,
    )
    client.create_model_package_group(ModelPackageGroupName=GROUP)
    made = Bank(plane, client, Objects())
    made.s3.put(CAPTURED.format(day=26), LABELS.format(hour=13))
    return made


def test_captured_requests_and_labels_of_the_look_back_are_named_by_manifests(bank: Bank) -> None:
    bank.version("data/1/rows.csv")
    # The look-back begins on 27 October at noon; the window ends at noon, before this hour.
    bank.s3.put(CAPTURED.replace("/11/{day}", "/10/27"), CAPTURED.replace("/{day}/11/", "/26/12/"))

    collected = bank.collect()

    folder = "s3://slipway-bank/monitoring/windows/abc"
    assert {name: uri for name, uri in collected.items() if name != "base"} == {
        name: f"{folder}/{name}.manifest" for name in ("captured", "labels", "encoders")
    }
    assert bank.manifest(collected["captured"]) == [
        {"prefix": "s3://slipway-bank/captured/"},
        "slipway-bank/AllTraffic/2026/11/26/11/a.jsonl",
    ]
    assert bank.manifest(collected["labels"]) == [
        {"prefix": "s3://slipway-bank/ground-truth/"},
        "2026/11/26/13/a.jsonl",
    ]


def test_every_version_s_encoder_is_there_whatever_was_decided_about_it(bank: Bank) -> None:
    ids = [bank.version(f"data/{status}/rows.csv", status=status) for status in ("Approved", "Rejected")]

    manifest = bank.manifest(bank.collect()["encoders"])

    assert manifest == [
        {"prefix": "s3://slipway-bank/"},
        *sorted(f"executions/{execution_id}/encoder.json" for execution_id in ids),
    ]


def test_the_base_is_what_was_trained_on_before_any_retraining(bank: Bank) -> None:
    bank.version("data/0/older.csv")
    bank.version("data/1/rows.csv")
    bank.version("incoming/retraining-xyz/training-set.csv")
    bank.version("data/2/undecided.csv", status="PendingManualApproval")

    assert bank.collect()["base"] == "s3://slipway-bank/data/1/rows.csv"
    assert bank.s3.copied == []


def test_a_base_that_was_overwritten_since_is_taken_as_it_was(bank: Bank) -> None:
    bank.version("incoming/rows.csv", "v1")
    bank.s3.versions["slipway-bank", "incoming/rows.csv"] = "v2"

    base = bank.collect()["base"]

    assert base == "s3://slipway-bank/monitoring/windows/abc/base/rows.csv"
    source = {"Bucket": "slipway-bank", "Key": "incoming/rows.csv", "VersionId": "v1"}
    assert bank.s3.copied == [(source, ("slipway-bank", "monitoring/windows/abc/base/rows.csv"))]


def test_without_a_label_there_is_nothing_to_train_on(bank: Bank) -> None:
    bank.version("data/1/rows.csv")
    bank.s3.stored.pop(("slipway-bank", LABELS.format(hour=13).removeprefix("s3://slipway-bank/")))

    with pytest.raises(
        NothingToTrainOnError, match="no ground truth found from 2026-10-27T12:00:00Z to 2026-11-26T12:00:00Z"
    ):
        bank.collect()


def test_without_a_captured_request_there_is_nothing_to_train_on(bank: Bank) -> None:
    bank.s3.stored.clear()

    with pytest.raises(NothingToTrainOnError, match="Job inputs had no data"):
        bank.collect()


def test_without_an_approved_version_the_way_out_is_told(bank: Bank) -> None:
    bank.version("data/1/rows.csv", status="PendingManualApproval")

    with pytest.raises(NothingToTrainOnError, match="run the project once and approve its version"):
        bank.collect()
