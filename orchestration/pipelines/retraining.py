"""The retraining pipeline of any project: what has come true since, to new training data.

It trains nothing: what it leaves lies where new rows start the training pipeline, whose version
then waits for a decision as any other does.
"""

import warnings
from collections.abc import Mapping
from typing import Any

from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.mlops.workflow.pipeline import Pipeline

from orchestration.names import COLLECT, retraining_pipeline_name
from orchestration.pipelines.parameters import PipelineParameters
from orchestration.pipelines.processing import ProcessingJobs
from orchestration.pipelines.steps import steps_of
from orchestration.project import Project
from orchestration.schema import schema_body
from orchestration.storage import content_folder


def retraining_pipeline(
    project: Project,
    session: Any,
    bucket: str,
    role_arn: str,
    images: Mapping[str, str],
    function_arn: str,
) -> Any:
    """The pipeline; capturing it starts nothing and asks nobody."""
    parameters = _parameters(project, bucket, images)
    jobs = ProcessingJobs(session, role_arn, parameters)
    steps = steps_of(project)
    with warnings.catch_warnings():
        # Said once per captured step; capturing is what we are here for.
        warnings.filterwarnings("ignore", message="Running within a PipelineSession")
        collect = _collect(function_arn, parameters["WindowEnd"], steps.collected)
        return Pipeline(
            name=retraining_pipeline_name(project.name),
            parameters=parameters.all(),
            steps=[collect, *steps.retraining(jobs, collect, bucket)],
            sagemaker_session=session,
        )


def _parameters(project: Project, bucket: str, images: Mapping[str, str]) -> PipelineParameters:
    values = {
        "SchemaUri": f"s3://{bucket}/{content_folder('schema', schema_body(project))}",
        "OutputUri": f"s3://{bucket}/executions",
        "PreprocessImageUri": images[project.images.processing],
        **steps_of(project).retraining_parameters(images),
    }
    return PipelineParameters(
        {
            # Up to which moment rows are taken: no execution starts without it.
            "WindowEnd": ParameterString(name="WindowEnd"),
            **{
                name: (ParameterString if isinstance(value, str) else ParameterInteger)(
                    name=name, default_value=value
                )
                for name, value in values.items()
            },
        },
        {},
    )


def _collect(function_arn: str, window_end: Any, outputs: tuple[str, ...]) -> Any:
    return LambdaStep(
        COLLECT,
        lambda_func=Lambda(function_arn=function_arn),
        inputs={
            "action": COLLECT,
            "execution_id": ExecutionVariables.PIPELINE_EXECUTION_ID,
            "window_end": window_end,
        },
        outputs=[LambdaOutput(name, LambdaOutputTypeEnum.String) for name in outputs],
    )
