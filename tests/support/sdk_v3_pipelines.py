"""Pipelines of the SageMaker Python SDK v3 over an ordinary session; a program of `.venv`."""

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sagemaker.core.helper.session_helper import get_execution_role
from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.processing import Processor, ScriptProcessor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, OutputDataConfig, SourceCode

from tests.support.sdk_pipeline_scenarios import SCENARIOS
from tests.support.sdk_pipelines import CSV, INSTANCE, JSON, NONE, PROCESSING, Request, Uris, report

CORE = ("conditions", "execution_variables", "functions", "parameters", "properties")
MLOPS = (
    *(
        "callback_step",
        "check_job_config",
        "quality_check_step",
        "condition_step",
        "fail_step",
        "lambda_step",
        "model_step",
        "pipeline",
    ),
    *("pipeline_experiment_config", "retry", "selective_execution_config", "steps", "triggers"),
)
MODULES = [f"sagemaker.core.workflow.{name}" for name in (*CORE, "pipeline_definition_config")] + [
    f"sagemaker.mlops.workflow.{name}" for name in MLOPS
]


class V3Kit:
    """Processor, ScriptProcessor, ModelTrainer and ModelBuilder, captured."""

    def __init__(self, request: Request, session: Any = None, role: str | None = None) -> None:
        self.request = request
        self.session = session or PipelineSession()
        self.role = role or get_execution_role(self.session)
        self.sdk = SimpleNamespace(Lambda=Lambda)
        for name in MODULES:
            vars(self.sdk).update(vars(importlib.import_module(name)))
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
        processor = ScriptProcessor(
            image_uri=image, command=["python3"], instance_count=1, instance_type=INSTANCE, **self._common
        )
        return processor.run(
            code=str(code), inputs=_inputs(inputs), outputs=_outputs(outputs), arguments=arguments
        )

    def train(self, image: Any, hyperparameters: Mapping[str, Any], channels: Uris, output: Any) -> Any:
        """What ModelTrainer.train captures."""
        trainer = ModelTrainer(
            training_image=image,
            base_job_name=f"{self.request.name}-train",
            compute=Compute(instance_type=INSTANCE, instance_count=1, volume_size_in_gb=1),
            hyperparameters=dict(hyperparameters),
            output_data_config=OutputDataConfig(s3_output_path=output),
            input_data_config=[
                InputData(channel_name=name, data_source=uri, content_type=JSON if name == "encoder" else CSV)
                for name, uri in channels.items()
            ],
            **self._common,
        )
        return trainer.train()

    def code_step(self, name: str, image: Any, folder: Path, script: str) -> Any:
        """A training step of ModelTrainer's with source code."""
        trainer = ModelTrainer(
            training_image=image,
            source_code=SourceCode(source_dir=str(folder), entry_script=script),
            base_job_name=f"{self.request.name}-code",
            compute=Compute(instance_type=INSTANCE, instance_count=1, volume_size_in_gb=1),
            **self._common,
        )
        return self.sdk.TrainingStep(name, step_args=trainer.train())

    def create_model(self, image: Any, data_uri: Any) -> Any:
        """What ModelBuilder.build captures."""
        return self._builder(image, data_uri).build()

    def register(self, image: Any, data_uri: Any, group: str, approval: Any, statistics_uri: Any) -> Any:
        """What ModelBuilder.register captures."""
        return self._builder(image, data_uri).register(
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

    def _builder(self, image: Any, data_uri: Any) -> Any:
        return ModelBuilder(
            s3_model_data_url=data_uri,
            image_uri=image,
            role_arn=self.role,
            sagemaker_session=self.session,
            instance_type=INSTANCE,
        )


def _inputs(uris: Uris) -> list[Any]:
    return [
        ProcessingInput(
            input_name=name,
            s3_input=ProcessingS3Input(
                s3_uri=uri,
                local_path=f"{PROCESSING}/{name}",
                s3_data_type="S3Prefix",
                s3_input_mode="File",
            ),
        )
        for name, uri in uris.items()
    ]


def _outputs(uris: Uris) -> list[Any]:
    return [
        ProcessingOutput(
            output_name=name,
            s3_output=ProcessingS3Output(
                s3_uri=uri, local_path=f"{PROCESSING}/{name}", s3_upload_mode="EndOfJob"
            ),
        )
        for name, uri in uris.items()
    ]


if __name__ == "__main__":
    report(V3Kit(Request(**json.load(sys.stdin))), SCENARIOS)
