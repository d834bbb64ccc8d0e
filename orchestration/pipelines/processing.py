"""Processing jobs as steps of a pipeline: what goes in, what is run, and where its outputs lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import CacheConfig

from orchestration.names import RETRAINED
from orchestration.pipelines.parameters import PipelineParameters

PROCESSING = "/opt/ml/processing"
MAX_RUNTIME_SECONDS = 3600
# The same rows, split, hyperparameters and images give the same bytes, so a step may be taken
# from an earlier execution. Its outputs are kept for as long as anybody keeps the bucket.
CACHED = CacheConfig(enable_caching=True, expire_after="P30D")


@dataclass(frozen=True, slots=True)
class ProcessingJobs:
    """Captures the processing jobs of one pipeline."""

    session: Any
    role_arn: str
    parameters: PipelineParameters

    def processor(self, image: str, *command: str, environment: Mapping[str, Any] | None = None) -> Any:
        """What runs `python -m <command>` in the image that the parameter `image` names."""
        # Local mode ends in a KeyError where arguments come without an entrypoint.
        return Processor(
            role=self.role_arn,
            image_uri=self.parameters[image],
            entrypoint=["python", "-m", *command],
            instance_count=1,
            instance_type=self.parameters["ProcessingInstanceType"],
            volume_size_in_gb=30,
            max_runtime_in_seconds=MAX_RUNTIME_SECONDS,
            sagemaker_session=self.session,
            **({"env": dict(environment)} if environment else {}),
        )

    def folder(self, *names: str) -> Any:
        """A folder of the execution's own."""
        return Join(
            on="/", values=[self.parameters["OutputUri"], ExecutionVariables.PIPELINE_EXECUTION_ID, *names]
        )

    def output(self, step: str, name: str, local_path: str) -> Any:
        """What `local_path` holds at the end, in a folder of the step's."""
        return ProcessingOutput(
            output_name=name,
            s3_output=ProcessingS3Output(
                s3_uri=self.folder(step, name), local_path=local_path, s3_upload_mode="EndOfJob"
            ),
        )


def job_input(name: str, uri: Any, local_path: str, data_type: str = "S3Prefix") -> Any:
    """All objects below `uri`, or those that the ManifestFile there names, at `local_path`."""
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=local_path,
            s3_data_type=data_type,
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
            s3_compression_type="None",
        ),
    )


def output_uri(step: Any, name: str) -> Any:
    """Where a processing step leaves its output of that name."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def hours_of(window: Any) -> dict[str, Any]:
    """Of what the objects of a monitor's window hold, only calls of the window count."""
    found = window.properties.Outputs
    return {"start_time": found["window_start"], "end_time": found["window_end"]}


def incoming_rows(bucket: str, name: str, local_path: str) -> Any:
    """A retraining's rows, to where a new object starts the training pipeline.

    Nothing but the rows may lie there: each object starts an execution.
    """
    folder = Join(on="", values=[f"s3://{bucket}/{RETRAINED}", ExecutionVariables.PIPELINE_EXECUTION_ID])
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(s3_uri=folder, local_path=local_path, s3_upload_mode="EndOfJob"),
    )
