"""The SageMaker Python SDK v3, asked; a program of `.venv`."""

import os
from typing import Any

from sagemaker.core.local import LocalSession
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.transformer import Transformer

from orchestration.settings import Settings
from tests.support.sdk_consultation import (
    CSV,
    ProcessingJob,
    Request,
    TrainingJob,
    TransformJob,
    consult,
    local_session,
)


class V3Client:
    """Processor and Transformer over one local session, and its client for what v3 gives no class.

    ModelTrainer and ModelBuilder have local modes of their own beside
    LocalSession, whose containers take no label and so could not be found again.
    Each call of local mode returns when the work is done; waiting for it would
    only cost the interval in which the SDK asks AWS.
    """

    def __init__(self, request: Request) -> None:
        self._session: Any = local_session(LocalSession, request, "sagemaker.core.local.image")
        self._role = Settings.from_environ(os.environ).role_arn
        self._model_name = ""
        self._endpoint_name = ""

    def process(self, job: ProcessingJob) -> str:
        """Run a processing job; returns its status."""
        processor = Processor(
            role=self._role,
            image_uri=job.image,
            entrypoint=job.entrypoint,
            instance_count=1,
            instance_type="local",
            sagemaker_session=self._session,
        )
        processor.run(
            inputs=[
                ProcessingInput(
                    input_name=name,
                    s3_input=ProcessingS3Input(
                        s3_uri=uri, local_path=path, s3_data_type="S3Prefix", s3_input_mode="File"
                    ),
                )
                for name, (uri, path) in job.inputs.items()
            ],
            outputs=[
                ProcessingOutput(
                    output_name=name,
                    s3_output=ProcessingS3Output(s3_uri=uri, local_path=path, s3_upload_mode="EndOfJob"),
                )
                for name, (path, uri) in job.outputs.items()
            ],
            arguments=job.arguments,
            job_name=job.name,
            wait=False,
            logs=False,
        )
        described = self._session.sagemaker_client.describe_processing_job(job.name)
        return str(described["ProcessingJobStatus"])

    def train(self, job: TrainingJob) -> str:
        """Run a training job; returns the address of the model."""
        client = self._session.sagemaker_client
        client.create_training_job(
            TrainingJobName=job.name,
            AlgorithmSpecification={"TrainingImage": job.image, "TrainingInputMode": "File"},
            RoleArn=self._role,
            HyperParameters=job.hyperparameters,
            InputDataConfig=[
                {
                    "ChannelName": name,
                    "ContentType": content_type,
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
                }
                for name, (uri, content_type) in job.channels.items()
            ],
            OutputDataConfig={"S3OutputPath": job.output_path},
            ResourceConfig={"InstanceType": "local", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 600},
        )
        return str(client.describe_training_job(job.name)["ModelArtifacts"]["S3ModelArtifacts"])

    def create_model(self, name: str, image: str, model_uri: str) -> None:
        """Make the model that the next calls serve."""
        container = {"Image": image, "ModelDataUrl": model_uri, "Environment": {}}
        self._model_name = self._session.create_model(name, self._role, container)

    def deploy(self, name: str) -> None:
        """Put the model behind an endpoint; returns once it is in service."""
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": self._model_name,
            "InitialInstanceCount": 1,
            "InstanceType": "local",
        }
        self._endpoint_name = self._session.endpoint_from_production_variants(name, [variant], wait=False)

    def invoke(self, body: str, content_type: str, accept: str) -> bytes:
        """Ask the endpoint."""
        answer = self._session.sagemaker_runtime_client.invoke_endpoint(
            EndpointName=self._endpoint_name, Body=body, ContentType=content_type, Accept=accept
        )
        content: bytes = answer["Body"].read()
        return content

    def delete_endpoint(self) -> None:
        """Stop the endpoint."""
        self._session.delete_endpoint(self._endpoint_name)

    def transform(self, job: TransformJob) -> str:
        """Run a transform job; returns its status."""
        transformer = Transformer(
            model_name=self._model_name,
            instance_count=1,
            instance_type="local",
            strategy=job.strategy,
            assemble_with=job.assemble_with,
            output_path=job.output_path,
            accept=job.accept,
            sagemaker_session=self._session,
        )
        transformer.transform(job.data, content_type=CSV, split_type="Line", job_name=job.name, wait=False)
        described = self._session.sagemaker_client.describe_transform_job(job.name)
        return str(described["TransformJobStatus"])


if __name__ == "__main__":
    consult(V3Client)
