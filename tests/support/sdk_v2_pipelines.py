"""Pipelines of the SageMaker Python SDK v2 over an ordinary session; a program of `.venv-sdk-v2`."""

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sagemaker import get_execution_role
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.lambda_helper import Lambda
from sagemaker.model import Model
from sagemaker.model_metrics import MetricsSource, ModelMetrics
from sagemaker.processing import (
    FrameworkProcessor,
    ProcessingInput,
    ProcessingOutput,
    Processor,
    ScriptProcessor,
)
from sagemaker.sklearn import SKLearn
from sagemaker.workflow.pipeline_context import PipelineSession

from tests.support.sdk_pipeline_scenarios import SCENARIOS
from tests.support.sdk_pipelines import (
    CSV,
    INSTANCE,
    JSON,
    NONE,
    PROCESSING,
    Facts,
    Kit,
    Request,
    Uris,
    ended,
    pipeline,
    report,
)

WORKFLOW = (
    *(
        "callback_step",
        "check_job_config",
        "quality_check_step",
        "condition_step",
        "conditions",
        "execution_variables",
        "fail_step",
        "functions",
    ),
    *("lambda_step", "model_step", "parameters", "pipeline", "pipeline_definition_config"),
    *("pipeline_experiment_config", "properties", "retry", "selective_execution_config"),
    *("step_collections", "steps", "triggers"),
)
ONE_INSTANCE = {"instance_count": 1, "instance_type": INSTANCE}


class V2Kit:
    """Processor, ScriptProcessor, Estimator and Model, captured."""

    def __init__(self, request: Request, session: Any = None, role: str | None = None) -> None:
        self.request = request
        self.session = session or PipelineSession()
        self.role = role or get_execution_role(self.session)
        self.sdk = SimpleNamespace(Lambda=Lambda)
        for name in WORKFLOW:
            vars(self.sdk).update(vars(importlib.import_module(f"sagemaker.workflow.{name}")))
        self._common = {"role": self.role, "sagemaker_session": self.session}

    def process(
        self,
        image: Any,
        command: list[Any],
        inputs: Uris = NONE,
        outputs: Uris = NONE,
        instances: Any = 1,
        environment: Uris = NONE,
    ) -> Any:
        """What Processor.run captures; `inputs` and `outputs` are URIs by the folder's name."""
        processor = Processor(
            image_uri=image,
            entrypoint=command,
            instance_count=instances,
            instance_type=INSTANCE,
            env=dict(environment),
            **self._common,
        )
        return processor.run(inputs=_inputs(inputs), outputs=_outputs(outputs))

    def script(self, image: Any, code: Path, inputs: Uris, outputs: Uris, arguments: list[Any]) -> Any:
        """What ScriptProcessor.run captures."""
        processor = ScriptProcessor(image_uri=image, command=["python3"], **ONE_INSTANCE, **self._common)
        return processor.run(
            code=str(code), inputs=_inputs(inputs), outputs=_outputs(outputs), arguments=arguments
        )

    def estimator(self, image: Any, hyperparameters: Mapping[str, Any], output: Any) -> Any:
        """The SDK's general estimator."""
        return Estimator(
            image_uri=image,
            hyperparameters=dict(hyperparameters),
            output_path=output,
            **ONE_INSTANCE,
            **self._common,
        )

    def train(self, image: Any, hyperparameters: Mapping[str, Any], channels: Uris, output: Any) -> Any:
        """What Estimator.fit captures."""
        return self.estimator(image, hyperparameters, output).fit(training_inputs(channels))

    def code_step(self, name: str, image: Any, folder: Path, script: str) -> Any:
        """A processing step of FrameworkProcessor's with a source directory."""
        processor = FrameworkProcessor(
            image_uri=image,
            estimator_cls=SKLearn,
            framework_version="1.2-1",
            **ONE_INSTANCE,
            **self._common,
        )
        return self.sdk.ProcessingStep(name, step_args=processor.run(code=script, source_dir=str(folder)))

    def create_model(self, image: Any, data_uri: Any) -> Any:
        """What Model.create captures."""
        return Model(image_uri=image, model_data=data_uri, **self._common).create(instance_type=INSTANCE)

    def register(self, image: Any, data_uri: Any, group: str, approval: Any, statistics_uri: Any) -> Any:
        """What Model.register captures."""
        return Model(image_uri=image, model_data=data_uri, **self._common).register(
            model_package_group_name=group,
            content_types=[CSV],
            response_types=[JSON],
            inference_instances=[INSTANCE],
            transform_instances=[INSTANCE],
            approval_status=approval,
            model_metrics=ModelMetrics(
                model_statistics=MetricsSource(content_type=JSON, s3_uri=statistics_uri)
            ),
        )


def collections(kit: Kit) -> Facts:
    """Steps made without a PipelineSession's arguments, as most public examples have them."""
    assert isinstance(kit, V2Kit)
    sdk, request = kit.sdk, kit.request
    estimator = kit.estimator(request.train_xgb_image, request.hyperparameters, f"{request.data_uri}/models")
    channels = {name: f"{request.data_uri}/{name}/" for name in ("train", "validation", "encoder")}
    train = sdk.TrainingStep("Train", estimator=estimator, inputs=training_inputs(channels))
    artifacts = train.properties.ModelArtifacts.S3ModelArtifacts
    create = sdk.CreateModelStep(
        "Create",
        model=Model(
            image_uri=request.train_xgb_image,
            model_data=artifacts,
            role=kit.role,
            sagemaker_session=kit.session,
        ),
    )
    register = sdk.RegisterModel(
        name="Register",
        estimator=estimator,
        model_data=artifacts,
        content_types=[CSV],
        response_types=[JSON],
        inference_instances=[INSTANCE],
        transform_instances=[INSTANCE],
        model_package_group_name=f"{request.name}-collections",
    )
    made = pipeline(kit, "collections", [train, create, register])
    made.create(kit.role)
    return ended(made.start())


def training_inputs(channels: Uris) -> dict[str, Any]:
    """Channels as Estimator.fit takes them."""
    return {
        name: TrainingInput(uri, content_type=JSON if name == "encoder" else CSV)
        for name, uri in channels.items()
    }


def _inputs(uris: Uris) -> list[Any]:
    return [
        ProcessingInput(input_name=name, source=uri, destination=f"{PROCESSING}/{name}")
        for name, uri in uris.items()
    ]


def _outputs(uris: Uris) -> list[Any]:
    return [
        ProcessingOutput(output_name=name, source=f"{PROCESSING}/{name}", destination=uri)
        for name, uri in uris.items()
    ]


if __name__ == "__main__":
    report(V2Kit(Request(**json.load(sys.stdin))), {**SCENARIOS, "collections": collections})
