"""The SageMaker Python SDK v2 over an ordinary session; a program of `.venv-sdk-v2`."""

from typing import Any

from sagemaker import Session, get_execution_role
from sagemaker.deserializers import JSONDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model, ModelPackage
from sagemaker.predictor import Predictor
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor
from sagemaker.serializers import CSVSerializer

from tests.support.sdk_session import CHANNELS, CSV, INPUT, INSTANCE, JSON, METRIC, OUTPUT, Request, report

# The SDK's own interval, 30 s, is made for machines that take minutes to start.
POLL_SECONDS = 1
ONE_INSTANCE = {"instance_count": 1, "instance_type": INSTANCE}


class V2Client:
    """Processor, Estimator, Model, ModelPackage and Predictor."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._session = Session()
        self._common = {"role": get_execution_role(self._session), "sagemaker_session": self._session}
        self._estimator: Any = None
        self._version: Any = None
        self._predictors: list[Any] = []

    def where(self) -> dict[str, str]:
        """The session's own bucket, and the role that it finds."""
        return {"bucket": self._session.default_bucket(), "role": self._common["role"]}

    def process(self) -> str:
        """Run the program as a processing job, waited for and its lines printed; returns its output's URI."""
        processor = Processor(
            image_uri=self._request.preprocess_image,
            entrypoint=["sh", "-c", self._request.program],
            **ONE_INSTANCE,
            **self._common,
        )
        processor.run(
            inputs=[
                ProcessingInput(
                    input_name="rows", source=f"{self._request.data_uri}/train", destination=INPUT
                )
            ],
            outputs=[ProcessingOutput(output_name="out", source=OUTPUT)],
            job_name=f"{self._request.name}-processed",
        )
        described = processor.latest_job.describe()
        return str(described["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"])

    def train(self) -> str:
        """Run a training job, waited for and its lines printed; returns the model's URI."""
        self._estimator = self._new_estimator(self._request.hyperparameters)
        self._estimator.fit(self._channels(), job_name=f"{self._request.name}-trained")
        # From CloudWatch's metrics, as a notebook would show them.
        metrics = self._estimator.training_job_analytics.dataframe()
        assert set(metrics["metric_name"]) == {METRIC}
        return str(self._estimator.model_data)

    def train_badly(self) -> None:
        """Run a training job whose hyperparameters are refused by its image; raises the SDK's own error."""
        estimator = self._new_estimator(self._request.refused_hyperparameters)
        estimator.fit(self._channels(), job_name=f"{self._request.name}-bad", logs="None")

    def _new_estimator(self, hyperparameters: dict[str, Any]) -> Any:
        return Estimator(
            image_uri=self._request.train_xgb_image,
            hyperparameters=hyperparameters,
            metric_definitions=[{"Name": METRIC, "Regex": f"{METRIC}=([0-9.]+);"}],
            **ONE_INSTANCE,
            **self._common,
        )

    def _channels(self) -> dict[str, Any]:
        return {
            name: TrainingInput(f"{self._request.data_uri}/{name}/", content_type=content_type)
            for name, content_type in CHANNELS.items()
        }

    def register(self) -> str:
        """Register the model as the first version of a group; returns its ARN."""
        model = Model(
            image_uri=self._request.train_xgb_image, model_data=self._estimator.model_data, **self._common
        )
        self._version = model.register(
            content_types=[CSV],
            response_types=[JSON],
            inference_instances=[INSTANCE],
            transform_instances=[INSTANCE],
            model_package_group_name=self._request.name,
            approval_status="PendingManualApproval",
        )
        return str(self._version.model_package_arn)

    def approve(self) -> str:
        """Approve the version; returns its status as it is afterwards."""
        self._version.update_approval_status("Approved")
        described = self._session.sagemaker_client.describe_model_package(
            ModelPackageName=self._version.model_package_arn
        )
        return str(described["ModelApprovalStatus"])

    def deploy_model(self) -> Any:
        """Put the model behind an endpoint and ask it about the rows."""
        name = f"{self._request.name}-model"
        self._estimator.deploy(1, INSTANCE, endpoint_name=name, model_name=name, wait=False)
        return self._answer(name)

    def deploy_version(self) -> Any:
        """Put the registered version behind an endpoint and ask it about the rows."""
        name = f"{self._request.name}-version"
        version = ModelPackage(
            model_package_arn=self._version.model_package_arn, predictor_cls=Predictor, **self._common
        )
        version.deploy(1, INSTANCE, endpoint_name=name, wait=False)
        return self._answer(name)

    def scale(self) -> int:
        """Give the version's endpoint a second instance; returns the number that it has afterwards."""
        predictor = self._predictors[-1]
        predictor.update_endpoint(initial_instance_count=2, instance_type=INSTANCE, wait=False)
        described = self._session.wait_for_endpoint(predictor.endpoint_name, poll=POLL_SECONDS)
        return int(described["ProductionVariants"][0]["CurrentInstanceCount"])

    def clean_up(self) -> None:
        """Delete the endpoints, waiting until they are gone, and what they were made of."""
        for predictor in self._predictors:
            predictor.delete_model()
            predictor.delete_endpoint()
        waiter = self._session.sagemaker_client.get_waiter("endpoint_deleted")
        for predictor in self._predictors:
            waiter.wait(EndpointName=predictor.endpoint_name, WaiterConfig={"Delay": POLL_SECONDS})

    def _answer(self, name: str) -> Any:
        self._session.wait_for_endpoint(name, poll=POLL_SECONDS)
        predictor = Predictor(name, self._session, CSVSerializer(), JSONDeserializer())
        self._predictors.append(predictor)
        return predictor.predict(self._request.rows)


if __name__ == "__main__":
    report(V2Client)
