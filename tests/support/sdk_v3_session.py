"""The SageMaker Python SDK v3 over an ordinary session; a program of `.venv`."""

import json
import logging
from typing import Any

from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import Processor
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, ModelPackage, ModelPackageGroup
from sagemaker.core.shapes import (
    ContainerDefinition,
    DesiredWeightAndCapacity,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    ProductionVariant,
)
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData

from tests.support.sdk_session import CHANNELS, CSV, INPUT, INSTANCE, JSON, OUTPUT, Request, report

# The SDK's own interval, 5 to 30 s, is made for machines that take minutes to start.
POLL_SECONDS = 1


class V3Client:
    """Processor, ModelTrainer, ModelBuilder, and the resource classes for what they do not do."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._session = Session()
        self._role = get_execution_role(self._session)
        self._model_uri = ""
        self._builder: Any = None
        self._version = ""
        self._endpoints: list[Any] = []
        self._parts: list[Any] = []

    def where(self) -> dict[str, str]:
        """The session's own bucket, and the role that it finds."""
        return {"bucket": self._session.default_bucket(), "role": self._role}

    def process(self) -> str:
        """Run the program as a processing job, waited for and its lines printed; returns its output's URI."""
        output = f"s3://{self._session.default_bucket()}/{self._request.name}/processed"
        Processor(
            role=self._role,
            image_uri=self._request.preprocess_image,
            entrypoint=["sh", "-c", self._request.program],
            instance_count=1,
            instance_type=INSTANCE,
            sagemaker_session=self._session,
        ).run(
            inputs=[
                ProcessingInput(
                    input_name="rows",
                    s3_input=ProcessingS3Input(
                        s3_uri=f"{self._request.data_uri}/train",
                        local_path=INPUT,
                        s3_data_type="S3Prefix",
                        s3_input_mode="File",
                    ),
                )
            ],
            outputs=[
                ProcessingOutput(
                    output_name="out",
                    s3_output=ProcessingS3Output(s3_uri=output, local_path=OUTPUT, s3_upload_mode="EndOfJob"),
                )
            ],
            job_name=f"{self._request.name}-processed",
        )
        return output

    def train(self) -> str:
        """Run a training job, waited for and its lines printed; returns the model's URI."""
        trainer = self._trainer(self._request.name, self._request.hyperparameters)
        trainer.train()
        self._model_uri = trainer._latest_training_job.model_artifacts.s3_model_artifacts
        return self._model_uri

    def train_badly(self) -> None:
        """Run a training job whose hyperparameters are refused by its image; raises the SDK's own error."""
        self._trainer(f"{self._request.name}-bad", self._request.refused_hyperparameters).train(logs=False)

    def _trainer(self, name: str, hyperparameters: dict[str, Any]) -> Any:
        return ModelTrainer(
            training_image=self._request.train_xgb_image,
            role=self._role,
            sagemaker_session=self._session,
            base_job_name=name,
            compute=Compute(instance_type=INSTANCE, instance_count=1, volume_size_in_gb=1),
            hyperparameters=hyperparameters,
            input_data_config=[
                InputData(
                    channel_name=channel,
                    data_source=f"{self._request.data_uri}/{channel}/",
                    content_type=content_type,
                )
                for channel, content_type in CHANNELS.items()
            ],
        )

    def register(self) -> str:
        """Register the model as the first version of a group; returns its ARN."""
        # ModelPackage.create of 2.27 reads a member of the answer that AWS's answer has not.
        self._builder = ModelBuilder(
            s3_model_data_url=self._model_uri,
            image_uri=self._request.train_xgb_image,
            role_arn=self._role,
            sagemaker_session=self._session,
            instance_type=INSTANCE,
        )
        self._parts.append(self._builder.build(model_name=f"{self._request.name}-model"))
        self._version = self._builder.register(
            model_package_group_name=self._request.name,
            content_types=[CSV],
            response_types=[JSON],
            inference_instances=[INSTANCE],
            transform_instances=[INSTANCE],
            approval_status="PendingManualApproval",
        )
        return self._version

    def approve(self) -> str:
        """Approve the version; returns its status as it is afterwards."""
        assert ModelPackageGroup.get(self._request.name).model_package_group_status == "Completed"
        version = ModelPackage.get(model_package_name=self._version)
        assert version.model_approval_status == "PendingManualApproval"
        version.update(model_approval_status="Approved")
        return str(ModelPackage.get(model_package_name=self._version).model_approval_status)

    def deploy_model(self) -> Any:
        """Put the model behind an endpoint and ask it about the rows."""
        endpoint = self._builder.deploy(endpoint_name=f"{self._request.name}-model", wait=False)
        self._parts.append(EndpointConfig.get(endpoint.endpoint_config_name))
        return self._answer(endpoint)

    def deploy_version(self) -> Any:
        """Put the registered version behind an endpoint and ask it about the rows."""
        name = f"{self._request.name}-version"
        model = Model.create(
            model_name=name,
            containers=[ContainerDefinition(model_package_name=self._version)],
            execution_role_arn=self._role,
        )
        variant = ProductionVariant(
            variant_name="AllTraffic", model_name=name, initial_instance_count=1, instance_type=INSTANCE
        )
        config = EndpointConfig.create(endpoint_config_name=name, production_variants=[variant])
        self._parts += [config, model]
        return self._answer(Endpoint.create(endpoint_name=name, endpoint_config_name=config))

    def scale(self) -> int:
        """Give the version's endpoint a second instance; returns the number that it has afterwards."""
        endpoint = self._endpoints[-1]
        wish = DesiredWeightAndCapacity(variant_name="AllTraffic", desired_instance_count=2)
        endpoint.update_weights_and_capacities(desired_weights_and_capacities=[wish])
        endpoint.wait_for_status("InService", poll=POLL_SECONDS)
        return int(endpoint.production_variants[0].current_instance_count)

    def clean_up(self) -> None:
        """Delete the endpoints, waiting until they are gone, and what they were made of."""
        for endpoint in self._endpoints:
            endpoint.delete()
        for endpoint in self._endpoints:
            endpoint.wait_for_delete(poll=POLL_SECONDS)
        for part in self._parts:
            part.delete()

    def _answer(self, endpoint: Any) -> Any:
        self._endpoints.append(endpoint)
        endpoint.wait_for_status("InService", poll=POLL_SECONDS)
        answer = endpoint.invoke(body=self._request.rows, content_type=CSV, accept=JSON)
        return json.loads(answer.body.read())


if __name__ == "__main__":
    # Without it the SDK says nothing of what a training job prints.
    logging.basicConfig(level=logging.INFO)
    report(V3Client)
