"""The pipelines that watch a project: its requests' columns, and its answers beside what came true.

An execution is told the time for which it was scheduled and counts from that. Where its window is
empty, or nothing has come true of it, it fails in these words.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.shapes import ProcessingOutput, ProcessingS3Output
from sagemaker.core.workflow.conditions import ConditionGreaterThan
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep

from orchestration.kinds import kind_of
from orchestration.monitoring import Monitor
from orchestration.names import (
    ANALYSE,
    NOTIFY,
    PUBLISH,
    SCHEDULED_TIME,
    VIOLATED,
    WINDOW,
    endpoint_name,
    monitor_name,
)
from orchestration.pipelines.parameters import PipelineParameters
from orchestration.pipelines.processing import PROCESSING, ProcessingJobs, hours_of, job_input
from orchestration.pipelines.steps import steps_of
from orchestration.project import Project

# What the step `window` says: manifests, the baseline's files, the hours, where the report goes.
WINDOW_OUTPUTS = (
    *("captured", "labels", "previous"),
    *("statistics", "constraints"),
    *("window_start", "window_end", "report"),
)
INPUTS = f"{PROCESSING}/input"
OUTPUT = f"{PROCESSING}/output"


def monitoring_pipeline(
    project: Project,
    name: str,
    monitor: Monitor,
    session: Any,
    bucket: str,
    role_arn: str,
    images: Mapping[str, str],
    function_arn: str,
) -> Any:
    """The pipeline of the monitor called `name`; capturing it starts nothing and asks nobody."""
    parameters = _parameters(project, name, monitor, bucket, images)
    with warnings.catch_warnings():
        # Said once per captured step; capturing is what we are here for.
        warnings.filterwarnings("ignore", message="Running within a PipelineSession")
        builder = _Builder(project, name, function_arn, ProcessingJobs(session, role_arn, parameters))
        return Pipeline(
            name=monitor_name(project.name, name),
            parameters=parameters.all(),
            steps=builder.steps(),
            sagemaker_session=session,
        )


def _parameters(
    project: Project, name: str, monitor: Monitor, bucket: str, images: Mapping[str, str]
) -> PipelineParameters:
    assert project.images.monitoring is not None
    texts = {
        "StartOffset": monitor.starts,
        "EndOffset": monitor.end_offset,
        "MonitorImageUri": images[project.images.monitoring],
        "ProcessingInstanceType": project.instance_types.processing,
        **steps_of(project).monitoring_parameters(name, bucket, images),
    }
    return PipelineParameters(
        {
            # The end of the hours to look at: no execution starts without it.
            SCHEDULED_TIME: ParameterString(name=SCHEDULED_TIME),
            **{each: ParameterString(name=each, default_value=value) for each, value in texts.items()},
        },
        {},
    )


@dataclass(frozen=True, slots=True)
class _Builder:
    project: Project
    name: str
    function_arn: str
    jobs: ProcessingJobs

    def steps(self) -> list[Any]:
        """From the window to the alert."""
        window = self._called(
            WINDOW,
            {
                "scheduled_time": self.jobs.parameters[SCHEDULED_TIME],
                "start_offset": self.jobs.parameters["StartOffset"],
                "end_offset": self.jobs.parameters["EndOffset"],
                "execution_id": ExecutionVariables.PIPELINE_EXECUTION_ID,
            },
            dict.fromkeys(WINDOW_OUTPUTS, LambdaOutputTypeEnum.String),
        )
        before, data = steps_of(self.project).compared(self.jobs, self.name, window)
        analyse = self._analyse(window, data)
        report = {"report": window.properties.Outputs["report"]}
        publish = self._called(
            PUBLISH,
            report,
            {"metrics": LambdaOutputTypeEnum.Integer, "violations": LambdaOutputTypeEnum.Integer},
            depends_on=[analyse],
        )
        notify = self._called(
            NOTIFY,
            {
                **report,
                **{name: window.properties.Outputs[name] for name in ("window_start", "window_end")},
                "execution_arn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
            },
            {"told": LambdaOutputTypeEnum.String},
        )
        violated = ConditionStep(
            name=VIOLATED,
            conditions=[ConditionGreaterThan(left=publish.properties.Outputs["violations"], right=0)],
            if_steps=[notify],
            else_steps=[],
        )
        return [window, *before, analyse, publish, violated]

    def _called(
        self,
        action: str,
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
        depends_on: list[Any] | None = None,
    ) -> Any:
        """A step that calls the project's monitor function."""
        return LambdaStep(
            action,
            lambda_func=Lambda(function_arn=self.function_arn),
            inputs={"action": action, "monitor": self.name, **inputs},
            outputs=[LambdaOutput(name, output_type) for name, output_type in outputs.items()],
            depends_on=depends_on,
        )

    def _analyse(self, window: Any, data: Any) -> Any:
        """The window compared with the baseline of the version that serves."""
        project = self.project
        processor = self.jobs.processor(
            "MonitorImageUri",
            "monitor",
            environment={
                "dataset_source": f"{INPUTS}/data",
                "baseline_statistics": f"{INPUTS}/statistics/statistics.json",
                "baseline_constraints": f"{INPUTS}/constraints/constraints.json",
                "previous_reports": f"{INPUTS}/previous",
                "output_path": OUTPUT,
                # Beside the report, from where `publish` takes them.
                "CLOUDWATCH_METRICS_DIRECTORY": OUTPUT,
                "publish_cloudwatch_metrics": "Enabled",
                "sagemaker_endpoint_name": endpoint_name(project.name),
                "sagemaker_monitoring_schedule_name": monitor_name(project.name, self.name),
                **kind_of(project).analysis_environment(self.name),
                **hours_of(window),
            },
        )
        found = window.properties.Outputs
        baseline = [
            job_input(name, found[name], f"{INPUTS}/{name}") for name in ("statistics", "constraints")
        ]
        previous = job_input("previous", found["previous"], f"{INPUTS}/previous", data_type="ManifestFile")
        result = ProcessingOutput(
            output_name="result",
            s3_output=ProcessingS3Output(
                s3_uri=found["report"], local_path=OUTPUT, s3_upload_mode="EndOfJob"
            ),
        )
        arguments = processor.run(inputs=[data, *baseline, previous], outputs=[result])
        return ProcessingStep(ANALYSE, step_args=arguments)
