"""The training pipeline of any project: preprocess, train, evaluate, and keep the model if it is good enough.

Defined once, through the SDK's step classes. The service registers a good model;
local mode has no registry, so for it the same definition ends in a model instead,
and no feature store and nobody who watches an endpoint, so neither is in it.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from sagemaker.core.model_registry import create_model_package_from_containers
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, StoppingCondition
from sagemaker.core.workflow.conditions import (
    ConditionGreaterThanOrEqualTo,
    ConditionLessThanOrEqualTo,
)
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.train import ModelTrainer

from orchestration.kinds import kind_of
from orchestration.kinds.kind import Kind
from orchestration.names import (
    CONDITION,
    CREATE_MODEL,
    DATA_SHA256,
    DATA_VERSION,
    ENCODER_URI,
    EVALUATE,
    EXECUTION_ID,
    FAIL,
    PREPROCESS,
    REGISTER,
    TRAIN,
    model_package_group_name,
    pipeline_name,
)
from orchestration.pipelines.baselines import Baselines
from orchestration.pipelines.features import FeatureSteps
from orchestration.pipelines.parameters import PipelineParameters
from orchestration.pipelines.processing import (
    CACHED,
    MAX_RUNTIME_SECONDS,
    PROCESSING,
    ProcessingJobs,
    job_input,
    output_uri,
)
from orchestration.pipelines.steps import steps_of
from orchestration.project import Project
from orchestration.settings import TELEMETRY_OPT_OUT


class Keep(StrEnum):
    """What becomes of a model that is good enough."""

    REGISTER = REGISTER
    CREATE_MODEL = CREATE_MODEL


@dataclass(frozen=True, slots=True)
class TrainingPipeline:
    """The pipeline and the values with which to start it."""

    pipeline: Any
    values: Mapping[str, str | int | float]


def training_pipeline(
    project: Project,
    session: Any,
    bucket: str,
    role_arn: str,
    images: Mapping[str, str],
    keep: Keep = Keep.REGISTER,
    extract_uri: str | None = None,
) -> TrainingPipeline:
    """The training pipeline of `project`; capturing it starts nothing and asks nobody.

    `extract_uri` is where the extract of a map lies, for a project that counts places.
    """
    if keep is Keep.CREATE_MODEL:
        project = project.without_services()
    parameters = PipelineParameters.of(project, bucket, images, extract_uri)
    with warnings.catch_warnings():
        # Said once per captured step; capturing is what we are here for.
        warnings.filterwarnings("ignore", message="Running within a PipelineSession")
        builder = _Builder(project, kind_of(project), session, role_arn, parameters)
        preprocess, report = builder.preprocess()
        features = steps_of(project).features(builder.jobs, preprocess)
        train = builder.train(preprocess, features)
        evaluate, evaluation = builder.evaluate(preprocess, train)
        baselines = Baselines.of(builder.jobs, project, preprocess, evaluate) if project.monitoring else None
        kept = (
            builder.register(preprocess, report, features, train, evaluate, baselines)
            if keep is Keep.REGISTER
            else builder.create_model(train)
        )
        condition = builder.condition(kept, evaluate, evaluation)
    compared_with = [baselines.data, baselines.model] if baselines else []
    return TrainingPipeline(
        Pipeline(
            name=pipeline_name(project.name),
            parameters=parameters.all(),
            steps=[preprocess, *features.steps, train, evaluate, *compared_with, condition],
            sagemaker_session=session,
        ),
        parameters.values(),
    )


def capture_session(boto_session: Any, bucket: str) -> Any:
    """A session that captures requests instead of sending them."""
    # Without a configuration: the SDK validates one against its schema at every
    # look-up, 60 ms a time and some hundred times in an execution.
    return PipelineSession(boto_session=boto_session, default_bucket=bucket)


@dataclass(frozen=True, slots=True)
class _Builder:
    project: Project
    kind: Kind
    session: Any
    role_arn: str
    parameters: PipelineParameters

    @property
    def jobs(self) -> ProcessingJobs:
        """What captures processing jobs."""
        return ProcessingJobs(self.session, self.role_arn, self.parameters)

    def preprocess(self) -> tuple[Any, Any]:
        """Rows and schema to channels, encoder and report."""
        split = self.parameters
        report = PropertyFile(name="report", output_name="report", path="report.json")
        # The cache's key has the environment in it and not the bytes behind a URI (developer
        # guide, "Caching pipeline steps"): with its version, an object that was overwritten is
        # another input.
        processor = self.jobs.processor(
            "PreprocessImageUri", "preprocess", environment={"SLIPWAY_DATA_VERSION": split["DataVersion"]}
        )
        data_uri = Join(on="", values=["s3://", split["DataBucket"], "/", split["DataKey"]])
        extract = (
            [job_input("input-places", split["ExtractUri"], f"{PROCESSING}/input/places")]
            if "ExtractUri" in split
            else []
        )
        arguments = processor.run(
            inputs=[
                job_input("data", data_uri, f"{PROCESSING}/input/data"),
                # CreateProcessingJob refuses an input that is called as an output is.
                job_input("input-schema", split["SchemaUri"], f"{PROCESSING}/input/schema"),
                *extract,
            ],
            outputs=[
                self.jobs.output(PREPROCESS, name, f"{PROCESSING}/output/{name}")
                for name in self.kind.preprocess_outputs()
            ],
            arguments=[
                *(
                    text
                    for flag, name in self.kind.preprocess_arguments().items()
                    for text in (flag, split[name].to_string())
                ),
                *("--on-bad-rows", split["OnBadRows"]),
            ],
        )
        step = ProcessingStep(PREPROCESS, step_args=arguments, property_files=[report], cache_config=CACHED)
        return step, report

    def train(self, preprocess: Any, features: FeatureSteps) -> Any:
        """The channels that preprocess left, or a step after it, to a model."""
        trainer = ModelTrainer(
            training_image=self.parameters["TrainingImageUri"],
            role=self.role_arn,
            sagemaker_session=self.session,
            base_job_name=TRAIN,
            compute=Compute(
                instance_type=self.parameters["TrainingInstanceType"], instance_count=1, volume_size_in_gb=30
            ),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=MAX_RUNTIME_SECONDS),
            # CreateTrainingJob takes texts only, so numbers are made into texts by the pipeline.
            hyperparameters={
                name: parameter
                if isinstance(self.project.hyperparameters[name], str)
                else parameter.to_string()
                for name, parameter in self.parameters.hyperparameters.items()
            },
            output_data_config=OutputDataConfig(s3_output_path=self.jobs.folder(TRAIN)),
            input_data_config=[
                InputData(
                    channel_name=channel.name,
                    data_source=output_uri(features.source(channel.output, preprocess), channel.output),
                    content_type=channel.content_type,
                )
                for channel in self.kind.channels
            ],
        )
        # The SDK reports the calls of some functions, this one among them, to AWS.
        self.session.sagemaker_config = TELEMETRY_OPT_OUT
        arguments = trainer.train()
        self.session.sagemaker_config = {}
        return TrainingStep(TRAIN, step_args=arguments, cache_config=CACHED)

    def evaluate(self, preprocess: Any, train: Any) -> tuple[Any, Any]:
        """Model and test part to evaluation.json and report.html."""
        evaluation = PropertyFile(name="evaluation", output_name="evaluation", path="evaluation.json")
        processor = self.jobs.processor("TrainingImageUri", self.project.images.training, "evaluate")
        arguments = processor.run(
            inputs=[
                job_input("model", train.properties.ModelArtifacts.S3ModelArtifacts, f"{PROCESSING}/model"),
                job_input("test", output_uri(preprocess, "test"), f"{PROCESSING}/test"),
            ],
            outputs=[self.jobs.output(EVALUATE, "evaluation", f"{PROCESSING}/evaluation")],
        )
        step = ProcessingStep(EVALUATE, step_args=arguments, property_files=[evaluation], cache_config=CACHED)
        return step, evaluation

    def condition(self, kept: Any, evaluate: Any, evaluation: Any) -> Any:
        """Keep the model, or fail and say which metric missed."""
        metric = self.project.metric
        metric_path = f"{self.kind.metrics_block}.{metric.name}.value"
        reached = JsonGet(step_name=evaluate.name, property_file=evaluation, json_path=metric_path)
        threshold = self.parameters["MetricThreshold"]
        # A definition can join texts but not subtract: both values stand in the message.
        message = Join(on=" ", values=[metric.name, reached, "misses the threshold", threshold.to_string()])
        comparison = ConditionLessThanOrEqualTo if metric.less_is_better else ConditionGreaterThanOrEqualTo
        return ConditionStep(
            name=CONDITION,
            conditions=[comparison(left=reached, right=threshold)],
            if_steps=[kept],
            else_steps=[FailStep(name=FAIL, error_message=message)],
        )

    def register(
        self,
        preprocess: Any,
        report: Any,
        features: FeatureSteps,
        train: Any,
        evaluate: Any,
        baselines: Baselines | None,
    ) -> Any:
        """A version of the group that waits for a decision (decision 0003 says why not ModelBuilder)."""
        statistics = Join(on="/", values=[output_uri(evaluate, "evaluation"), "evaluation.json"])
        self.session.init_model_step_arguments(SimpleNamespace(sagemaker_session=self.session))
        create_model_package_from_containers(
            self.session,
            containers=[self._container(train)],
            content_types=list(self.kind.content_types),
            response_types=list(self.kind.content_types),
            inference_instances=[self.project.instance_types.endpoint],
            transform_instances=[self.project.instance_types.processing],
            model_package_group_name=model_package_group_name(self.project.name),
            model_metrics=baselines.model_metrics(statistics)
            if baselines
            else {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": statistics}}},
            drift_check_baselines=baselines.drift_check_baselines() if baselines else None,
            approval_status="PendingManualApproval",
            customer_metadata_properties={
                # Of the bytes that were read, whatever has become of the object since.
                DATA_SHA256: JsonGet(
                    step_name=preprocess.name, property_file=report, json_path="files[0].sha256"
                ),
                DATA_VERSION: self.parameters["DataVersion"],
                EXECUTION_ID: ExecutionVariables.PIPELINE_EXECUTION_ID,
                # What was encoded by it can be decoded, which a retraining does.
                ENCODER_URI: Join(on="/", values=[output_uri(preprocess, "encoder"), self.kind.encoder_file]),
                **features.metadata,
            },
        )
        return ModelStep(REGISTER, step_args=self._captured())

    def create_model(self, train: Any) -> Any:
        """What Session.create_model asks for, captured."""
        self.session.init_model_step_arguments(SimpleNamespace(sagemaker_session=self.session))
        self.session.create_model(
            name=CREATE_MODEL, role=self.role_arn, container_defs=self._container(train)
        )
        return ModelStep(CREATE_MODEL, step_args=self._captured())

    def _captured(self) -> Any:
        arguments, self.session.context = self.session.context, None
        return arguments

    def _container(self, train: Any) -> dict[str, Any]:
        return {
            "Image": self.parameters["TrainingImageUri"],
            "ModelDataUrl": train.properties.ModelArtifacts.S3ModelArtifacts,
            "Environment": dict(self.kind.container_environment()),
        }
