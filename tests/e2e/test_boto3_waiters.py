"""boto3's waiters, asked more often than by themselves: they end with what they wait for, or say why not."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from tests.support.aws_cli import INSTANCES, ROLE
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh

# The waiters' own intervals are 30 to 120 s.
OFTEN = {"Delay": 1, "MaxAttempts": 120}
STOPPABLE = "trap 'exit 0' TERM; sleep 600 & wait"


@pytest.fixture(scope="module")
def sagemaker(emulator: Emulator) -> Any:
    return emulator.localstack.client("sagemaker")


def process(sagemaker: Any, image: str, program: str) -> str:
    """Create a processing job that runs a line of shell; returns its name."""
    name = fresh("waited")
    sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": image, "ContainerEntrypoint": ["sh", "-c", program]},
        ProcessingResources={"ClusterConfig": INSTANCES},
    )
    return name


def train(sagemaker: Any, image: str, bucket: str, program: str) -> str:
    """Create a training job that runs a line of shell; returns its name."""
    name = fresh("waited")
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=ROLE,
        AlgorithmSpecification={
            "TrainingImage": image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["sh", "-c", program],
        },
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/waited"},
        ResourceConfig=INSTANCES,
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    return name


@pytest.fixture
def serve(sagemaker: Any) -> Iterator[Any]:
    """Creates endpoints of a model: serve(image, model_uri); those that are left at the end are deleted."""
    names = []

    def create(image: str, model_uri: str) -> str:
        name = fresh("waited")
        container = {"Image": image, "ModelDataUrl": model_uri}
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InitialInstanceCount": 1,
            "InstanceType": INSTANCES["InstanceType"],
        }
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        names.append(name)
        return name

    yield create
    for name in names:
        if sagemaker.list_endpoints(NameContains=name)["Endpoints"]:
            sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=OFTEN)


def test_jobs_that_complete_and_jobs_that_are_stopped_are_waited_for(
    sagemaker: Any, bucket: str, preprocess_image: str
) -> None:
    processed = sagemaker.get_waiter("processing_job_completed_or_stopped")
    trained = sagemaker.get_waiter("training_job_completed_or_stopped")
    processing = [process(sagemaker, preprocess_image, program) for program in ("true", STOPPABLE)]
    training = [train(sagemaker, preprocess_image, bucket, program) for program in ("true", STOPPABLE)]

    sagemaker.stop_processing_job(ProcessingJobName=processing[1])
    sagemaker.stop_training_job(TrainingJobName=training[1])
    for name in processing:
        processed.wait(ProcessingJobName=name, WaiterConfig=OFTEN)
    for name in training:
        trained.wait(TrainingJobName=name, WaiterConfig=OFTEN)

    assert [
        sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"]
        for name in processing
    ] == ["Completed", "Stopped"]
    assert [
        sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] for name in training
    ] == ["Completed", "Stopped"]


def test_an_endpoint_is_waited_for_when_it_comes_and_when_it_goes(
    sagemaker: Any, serve: Any, trained: dict[str, Any]
) -> None:
    image = trained["AlgorithmSpecification"]["TrainingImage"]
    name = serve(image, trained["ModelArtifacts"]["S3ModelArtifacts"])

    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=OFTEN)
    status = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=OFTEN)

    assert status == "InService"
    assert sagemaker.list_endpoints(NameContains=name)["Endpoints"] == []


def test_what_fails_ends_its_waiter_with_an_error(
    sagemaker: Any, serve: Any, bucket: str, preprocess_image: str
) -> None:
    waited = [
        (
            "processing_job_completed_or_stopped",
            {"ProcessingJobName": process(sagemaker, preprocess_image, "exit 1")},
        ),
        (
            "training_job_completed_or_stopped",
            {"TrainingJobName": train(sagemaker, preprocess_image, bucket, "exit 1")},
        ),
        (
            "endpoint_in_service",
            {"EndpointName": serve("no-such-image:ever", f"s3://{bucket}/none/model.tar.gz")},
        ),
    ]

    for waiter, named in waited:
        with pytest.raises(WaiterError, match="terminal failure state"):
            sagemaker.get_waiter(waiter).wait(**named, WaiterConfig=OFTEN)


@pytest.mark.parametrize(
    ("waiter", "named"),
    [
        ("processing_job_completed_or_stopped", "ProcessingJobName"),
        ("training_job_completed_or_stopped", "TrainingJobName"),
        ("endpoint_in_service", "EndpointName"),
    ],
)
def test_what_is_not_there_is_not_waited_for(sagemaker: Any, waiter: str, named: str) -> None:
    with pytest.raises(WaiterError, match="ValidationException"):
        sagemaker.get_waiter(waiter).wait(**{named: "none"}, WaiterConfig=OFTEN)


def test_an_endpoint_that_never_was_counts_as_deleted(sagemaker: Any) -> None:
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="none", WaiterConfig=OFTEN)


def test_waiters_of_what_is_not_implemented_end_at_once_and_say_so(sagemaker: Any) -> None:
    with pytest.raises(WaiterError, match="DescribeNotebookInstance is not implemented"):
        sagemaker.get_waiter("notebook_instance_in_service").wait(NotebookInstanceName="none")
