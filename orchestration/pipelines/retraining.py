"""The retraining pipeline of any project: captured rows and what came true of them, to new training data.

It trains nothing: what it leaves lies where new rows start the training pipeline, whose version
then waits for a decision as any other does.
"""

import warnings
from collections.abc import Mapping
from typing import Any

from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.shapes import ProcessingOutput, ProcessingS3Output
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep

from orchestration.monitoring import Retraining
from orchestration.names import COLLECT, MERGE, RETRAINED, TRAINING_SET, retraining_pipeline_name
from orchestration.pipelines.parameters import PipelineParameters
from orchestration.pipelines.processing import PROCESSING, ProcessingJobs, job_input, output_uri
from orchestration.project import Project
from orchestration.schema import schema_body
from orchestration.storage import content_folder

# What `collect` says: a manifest's URI each, and the base rows' own.
COLLECTED = ("captured", "labels", "encoders", "base")


def retraining_pipeline(
    project: Project,
    retraining: Retraining,
    session: Any,
    bucket: str,
    role_arn: str,
    images: Mapping[str, str],
    function_arn: str,
) -> Any:
    """The pipeline; capturing it starts nothing and asks nobody."""
    parameters = _parameters(project, retraining, bucket, images)
    jobs = ProcessingJobs(session, role_arn, parameters)
    with warnings.catch_warnings():
        # Said once per captured step; capturing is what we are here for.
        warnings.filterwarnings("ignore", message="Running within a PipelineSession")
        collect = _collect(function_arn, parameters["WindowEnd"])
        merge = _merge(jobs, collect)
        training_set = _training_set(jobs, collect, merge, bucket)
        return Pipeline(
            name=retraining_pipeline_name(project.name),
            parameters=parameters.all(),
            steps=[collect, merge, training_set],
            sagemaker_session=session,
        )


def _parameters(
    project: Project, retraining: Retraining, bucket: str, images: Mapping[str, str]
) -> PipelineParameters:
    assert project.images.monitoring is not None
    texts = {
        "SchemaUri": f"s3://{bucket}/{content_folder('schema', schema_body(project))}",
        "OutputUri": f"s3://{bucket}/executions",
        "PreprocessImageUri": images[project.images.processing],
        "MonitorImageUri": images[project.images.monitoring],
        "ProcessingInstanceType": project.instance_types.processing,
    }
    return PipelineParameters(
        {
            # Up to which moment rows are taken: no execution starts without it.
            "WindowEnd": ParameterString(name="WindowEnd"),
            **{name: ParameterString(name=name, default_value=value) for name, value in texts.items()},
            "MinimumRows": ParameterInteger(name="MinimumRows", default_value=retraining.minimum_rows),
        },
        {},
    )


def _collect(function_arn: str, window_end: Any) -> Any:
    return LambdaStep(
        COLLECT,
        lambda_func=Lambda(function_arn=function_arn),
        inputs={
            "action": COLLECT,
            "execution_id": ExecutionVariables.PIPELINE_EXECUTION_ID,
            "window_end": window_end,
        },
        outputs=[LambdaOutput(name, LambdaOutputTypeEnum.String) for name in COLLECTED],
    )


def _merge(jobs: ProcessingJobs, collect: Any) -> Any:
    """Every captured request that has a label, with it."""
    folders = {name: f"{PROCESSING}/input/{name}" for name in ("captured", "labels")}
    processor = jobs.processor(
        "MonitorImageUri",
        "monitor",
        environment={
            "dataset_source": folders["captured"],
            "ground_truth_source": folders["labels"],
            "output_path": f"{PROCESSING}/output",
        },
    )
    arguments = processor.run(
        inputs=[
            job_input(name, collect.properties.Outputs[name], folder, data_type="ManifestFile")
            for name, folder in folders.items()
        ],
        outputs=[jobs.output(MERGE, "merged", f"{PROCESSING}/output")],
    )
    return ProcessingStep(MERGE, step_args=arguments)


def _training_set(jobs: ProcessingJobs, collect: Any, merge: Any, bucket: str) -> Any:
    """Base rows and labelled ones, to where a new object starts the training pipeline."""
    inputs = f"{PROCESSING}/input"
    arguments = jobs.processor("PreprocessImageUri", "preprocess", TRAINING_SET).run(
        inputs=[
            job_input("base", collect.properties.Outputs["base"], f"{inputs}/base"),
            job_input("input-merged", output_uri(merge, "merged"), f"{inputs}/merged"),
            job_input(
                "encoder",
                collect.properties.Outputs["encoders"],
                f"{inputs}/encoder",
                data_type="ManifestFile",
            ),
            job_input("schema", jobs.parameters["SchemaUri"], f"{inputs}/schema"),
        ],
        outputs=[
            # Nothing but the rows may lie there: each object starts an execution.
            ProcessingOutput(
                output_name="rows",
                s3_output=ProcessingS3Output(
                    s3_uri=Join(
                        on="", values=[f"s3://{bucket}/{RETRAINED}", ExecutionVariables.PIPELINE_EXECUTION_ID]
                    ),
                    local_path=f"{PROCESSING}/output/rows",
                    s3_upload_mode="EndOfJob",
                ),
            ),
            jobs.output(TRAINING_SET, "report", f"{PROCESSING}/output/report"),
        ],
        arguments=["--minimum-rows", jobs.parameters["MinimumRows"].to_string()],
    )
    return ProcessingStep(TRAINING_SET, step_args=arguments)
