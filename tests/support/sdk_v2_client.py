"""The SageMaker Python SDK v2, asked; a program of `.venv-sdk-v2`."""

import os
from typing import Any

from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.local import LocalSession
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor

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

ONE_LOCAL_INSTANCE = {"instance_count": 1, "instance_type": "local"}


class V2Client:
    """Processor, Estimator, Model, Predictor and Transformer over one local session.

    Each call of local mode returns when the work is done; waiting for it would
    ask AWS, or at the least cost the interval in which the SDK asks.
    """

    def __init__(self, request: Request) -> None:
        session = local_session(LocalSession, request, "sagemaker.local.image")
        self._common: dict[str, Any] = {
            "role": Settings.from_environ(os.environ).role_arn,
            "sagemaker_session": session,
        }
        self._model: Any = None
        self._predictor: Any = None

    def process(self, job: ProcessingJob) -> str:
        """Run a processing job; returns its status."""
        processor = Processor(
            image_uri=job.image, entrypoint=job.entrypoint, **ONE_LOCAL_INSTANCE, **self._common
        )
        processor.run(
            inputs=[
                ProcessingInput(input_name=name, source=uri, destination=path)
                for name, (uri, path) in job.inputs.items()
            ],
            outputs=[
                ProcessingOutput(output_name=name, source=path, destination=uri)
                for name, (path, uri) in job.outputs.items()
            ],
            arguments=job.arguments,
            job_name=job.name,
            wait=False,
            logs=False,
        )
        return str(processor.latest_job.describe()["ProcessingJobStatus"])

    def train(self, job: TrainingJob) -> str:
        """Run a training job; returns the address of the model."""
        estimator = Estimator(
            image_uri=job.image,
            hyperparameters=job.hyperparameters,
            output_path=job.output_path,
            **ONE_LOCAL_INSTANCE,
            **self._common,
        )
        channels = {
            name: TrainingInput(uri, content_type=content_type)
            for name, (uri, content_type) in job.channels.items()
        }
        estimator.fit(channels, job_name=job.name, wait=False)
        return str(estimator.model_data)

    def create_model(self, name: str, image: str, model_uri: str) -> None:
        """Make the model that the next calls serve."""
        self._model = Model(
            image_uri=image, model_data=model_uri, name=name, predictor_cls=Predictor, **self._common
        )

    def deploy(self, name: str) -> None:
        """Put the model behind an endpoint; returns once it is in service."""
        self._predictor = self._model.deploy(
            initial_instance_count=1, instance_type="local", endpoint_name=name, wait=False
        )

    def invoke(self, body: str, content_type: str, accept: str) -> bytes:
        """Ask the endpoint."""
        answer: bytes = self._predictor.predict(
            body, initial_args={"ContentType": content_type, "Accept": accept}
        )
        return answer

    def delete_endpoint(self) -> None:
        """Stop the endpoint."""
        self._predictor.delete_endpoint()

    def transform(self, job: TransformJob) -> str:
        """Run a transform job; returns its status."""
        transformer = self._model.transformer(
            **ONE_LOCAL_INSTANCE,
            strategy=job.strategy,
            assemble_with=job.assemble_with,
            output_path=job.output_path,
            accept=job.accept,
        )
        transformer.transform(job.data, content_type=CSV, split_type="Line", job_name=job.name, wait=False)
        described = self._common["sagemaker_session"].sagemaker_client.describe_transform_job(job.name)
        return str(described["TransformJobStatus"])


if __name__ == "__main__":
    consult(V2Client)
