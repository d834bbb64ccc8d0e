"""The definitions of monitoring jobs as boto3 sees them."""

from pathlib import Path
from typing import Any

import pytest
from slipway.operations.job_definitions import JobDefinitions

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane, MovableClock
from tests.support.monitoring import SCHEDULE, MonitoringPlane
from tests.support.registry import Checked, refused

TYPES = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
# API reference: of the ARNs in the answers of the Create calls.
ARNS = {
    "DataQuality": "data-quality-job-definition",
    "ModelQuality": "model-quality-job-definition",
    "ModelBias": "model-bias-job-definition",
    "ModelExplainability": "model-explainability-job-definition",
}
ENDPOINT_INPUT = {"EndpointName": "churn", "LocalPath": "/opt/ml/processing/input/endpoint"}
ELSEWHERE = {**ENDPOINT_INPUT, "EndpointName": "elsewhere"}
BATCH_INPUT = {
    "DataCapturedDestinationS3Uri": "s3://bucket/captured",
    "DatasetFormat": {"Csv": {"Header": True}},
    "LocalPath": "/opt/ml/processing/input/batch",
}


@pytest.fixture
def client(tmp_path: Path) -> Any:
    clock = MovableClock()
    return ControlPlane(tmp_path, lambda store: JobDefinitions(store, clock).operations).client()


@pytest.fixture
def sagemaker(client: Any) -> Any:
    return Checked(client)


def request(kind: str, name: str = "watch", **members: Any) -> dict[str, Any]:
    specification = {"ImageUri": "monitor:1"}
    if kind in ("ModelBias", "ModelExplainability"):
        specification["ConfigUri"] = "s3://bucket/analysis_config.json"
    job_input: dict[str, Any] = {"EndpointInput": ENDPOINT_INPUT}
    if kind in ("ModelQuality", "ModelBias"):
        job_input["GroundTruthS3Input"] = {"S3Uri": "s3://bucket/labels"}
    output = {"S3Uri": "s3://bucket/reports", "LocalPath": "/opt/ml/processing/output"}
    return {
        "JobDefinitionName": name,
        f"{kind}AppSpecification": specification,
        f"{kind}JobInput": job_input,
        f"{kind}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
        "JobResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 20}
        },
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/any",
        **members,
    }


def call(sagemaker: Any, verb: str, kind: str, plural: str = "", **parameters: Any) -> Any:
    words = {
        "DataQuality": "data_quality",
        "ModelQuality": "model_quality",
        "ModelBias": "model_bias",
        "ModelExplainability": "model_explainability",
    }
    return getattr(sagemaker, f"{verb}_{words[kind]}_job_definition{plural}")(**parameters)


def create(sagemaker: Any, kind: str, name: str = "watch", **members: Any) -> Any:
    return call(sagemaker, "create", kind, **request(kind, name, **members))


def refusal(sagemaker: Any, verb: str, kind: str, **parameters: Any) -> tuple[str, str]:
    return refused(lambda **given: call(sagemaker, verb, kind, **given), **parameters)


@pytest.mark.parametrize("kind", TYPES)
def test_a_definition_is_described_as_it_was_created_until_it_is_deleted(sagemaker: Any, kind: str) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{ARNS[kind]}/watch"
    assert create(sagemaker, kind, "Watch")["JobDefinitionArn"] == arn

    described = call(sagemaker, "describe", kind, JobDefinitionName="Watch")
    call(sagemaker, "delete", kind, JobDefinitionName="Watch")

    del described["ResponseMetadata"], described["CreationTime"]
    assert described == {**request(kind, "Watch"), "JobDefinitionArn": arn}
    for verb in ("describe", "delete"):
        # The code is the model's, the beginning of the text that of ACK's controller.
        gone = refusal(sagemaker, verb, kind, JobDefinitionName="watch")
        assert gone == ("ResourceNotFound", f"Monitoring Job Definition {arn} not found")


@pytest.mark.parametrize("kind", TYPES)
def test_a_name_is_given_once_a_type(sagemaker: Any, kind: str) -> None:
    for other in TYPES:
        create(sagemaker, other)

    code, text = refusal(sagemaker, "create", kind, **request(kind))

    assert code == "ResourceInUse"
    assert f"{ARNS[kind]}/watch already exists" in text


def test_a_list_has_one_type_the_newest_first_and_can_be_of_one_endpoint(sagemaker: Any) -> None:
    create(sagemaker, "ModelQuality")
    create(sagemaker, "DataQuality", "first")
    create(sagemaker, "DataQuality", "second")
    create(sagemaker, "DataQuality", "elsewhere", DataQualityJobInput={"EndpointInput": ELSEWHERE})

    everything = call(sagemaker, "list", "DataQuality", "s")
    of_churn = call(sagemaker, "list", "DataQuality", "s", EndpointName="churn", SortBy="Name")

    # API reference, ListDataQualityJobDefinitions: by CreationTime, Descending, if nobody says otherwise.
    assert names(everything) == ["elsewhere", "second", "first"]
    assert names(of_churn) == ["second", "first"]


def test_a_definition_for_batch_transforms_is_listed_with_no_name_of_an_endpoint(client: Any) -> None:
    create(client, "DataQuality", DataQualityJobInput={"BatchTransformInput": BATCH_INPUT})

    (listed,) = call(client, "list", "DataQuality", "s")["JobDefinitionSummaries"]

    # The model wants the member, and has no name for nobody.
    assert listed["EndpointName"] == ""


def names(answer: Any) -> list[str]:
    return [each["MonitoringJobDefinitionName"] for each in answer["JobDefinitionSummaries"]]


def test_a_definition_has_tags(sagemaker: Any) -> None:
    tags = [{"Key": "team", "Value": "churn"}]

    arn = create(sagemaker, "DataQuality", Tags=tags)["JobDefinitionArn"]

    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags


def test_a_definition_is_locked_by_its_schedule_until_that_is_gone(tmp_path: Path) -> None:
    plane = MonitoringPlane(tmp_path)
    plane.watched()
    named = {"JobDefinitionName": "definition"}
    plane.create(config=plane.define("ModelQuality"))
    plane.define("DataQuality")

    code, text = refused(plane.client().delete_model_quality_job_definition, **named)
    plane.sagemaker.delete_data_quality_job_definition(**named)
    plane.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    plane.sagemaker.delete_model_quality_job_definition(**named)

    assert code == "ValidationException"
    assert f"is in use by Monitoring Schedule arn:aws:sagemaker:{REGION}:{ACCOUNT}" in text


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"DataQualityJobInput": {}}, "takes one of EndpointInput and BatchTransformInput, not 0"),
        (
            {"DataQualityJobInput": {"EndpointInput": ENDPOINT_INPUT, "BatchTransformInput": BATCH_INPUT}},
            "takes one of EndpointInput and BatchTransformInput, not 2",
        ),
        (
            {"DataQualityJobInput": {"EndpointInput": {**ENDPOINT_INPUT, "LocalPath": "/tmp/in"}}},
            "LocalPath '/tmp/in' of EndpointInput is not valid",
        ),
        (
            {"DataQualityJobInput": {"EndpointInput": {**ENDPOINT_INPUT, "S3InputMode": "Pipe"}}},
            "S3InputMode Pipe of EndpointInput is not implemented",
        ),
        (
            {"DataQualityBaselineConfig": {"StatisticsResource": {"S3Uri": "https://host/statistics.json"}}},
            "S3Uri of StatisticsResource 'https://host/statistics.json' is not a valid S3 URI",
        ),
    ],
)
def test_what_no_job_could_be_made_of_is_refused(sagemaker: Any, members: dict[str, Any], told: str) -> None:
    code, text = refusal(sagemaker, "create", "DataQuality", **request("DataQuality", **members))

    assert code == "ValidationException"
    assert told in text
