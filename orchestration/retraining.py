"""What closes the loop: a function that decides about violations, a pipeline, and the rule between them.

Each is set up again without harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.clients import Aws
from orchestration.definition import Definition, digest_of_inputs, kept
from orchestration.function import Function
from orchestration.monitoring import Retraining
from orchestration.names import (
    CAPTURED,
    GROUND_TRUTH,
    MONITORING_SOURCE,
    VIOLATIONS_EVENT,
    WINDOWS,
    bucket_name,
    endpoint_name,
    model_package_group_name,
    pipeline_name,
    retrain_function_name,
    retraining_pipeline_name,
)
from orchestration.pipeline_execution import Pipeline
from orchestration.project import Project
from orchestration.rules import ensure_call

MODULES = ("retrain", "labelled_rows", "windows")


@dataclass(frozen=True, slots=True)
class RetrainingLoop:
    """The loop of one project."""

    aws: Aws
    project: Project
    retraining: Retraining
    images: Mapping[str, str]
    build_dir: Path

    def ensure(self) -> str:
        """Set up what is not there, bring up to date what is, and return the pipeline's ARN."""
        function = retrain_function(self.aws, self.project.name, self.retraining)
        function_arn = function.ensure()
        arn = Pipeline(self.aws, retraining_pipeline_name(self.project.name)).upsert(
            self.definition(function_arn).text
        )
        # Last: from here on violations are decided about.
        self._ensure_rule(function, function_arn)
        return arn

    def definition(self, function_arn: str) -> Definition:
        """The pipeline's definition, which names the function that collects."""
        others = (function_arn, self.retraining.model_dump_json())
        inputs = digest_of_inputs(self.project, self.aws.settings, self.images, *others)
        file = self.build_dir / "pipelines" / f"{self.project.name}-retraining.json"
        return kept(file, inputs, lambda: self._captured(function_arn))

    def _captured(self, function_arn: str) -> Any:
        # Seconds, and only here.
        from orchestration.clients import boto_session
        from orchestration.pipelines.retraining import retraining_pipeline
        from orchestration.pipelines.training import capture_session

        bucket, settings = bucket_name(self.project.name), self.aws.settings
        session = capture_session(boto_session(settings), bucket)
        return retraining_pipeline(
            self.project, self.retraining, session, bucket, settings.role_arn, self.images, function_arn
        )

    def _ensure_rule(self, function: Function, function_arn: str) -> None:
        name = f"slipway-{self.project.name}-violations"
        pattern = {
            "source": [MONITORING_SOURCE],
            "detail-type": [VIOLATIONS_EVENT],
            "detail": {"project": [self.project.name]},
        }
        ensure_call(self.aws, name, pattern, "retrain", function, function_arn)


def retrain_function(aws: Aws, project: str, retraining: Retraining) -> Function:
    """The function of one project."""
    bucket = bucket_name(project)
    return Function(
        aws,
        retrain_function_name(project),
        f"Decides whether violations of {project}'s monitors start a retraining, and finds its rows",
        MODULES,
        {
            "PROJECT": project,
            "PIPELINE_NAME": retraining_pipeline_name(project),
            "COOL_DOWN_SECONDS": str(int(retraining.cool_down_time.total_seconds())),
            "PER_DAY": str(retraining.per_day),
            "LOOK_BACK_SECONDS": str(int(retraining.look_back_time.total_seconds())),
            "ENDPOINT_NAME": endpoint_name(project),
            "CAPTURED_URI": f"s3://{bucket}/{CAPTURED}",
            "GROUND_TRUTH_URI": f"s3://{bucket}/{GROUND_TRUTH}",
            "WINDOWS_URI": f"s3://{bucket}/{WINDOWS}",
            "MODEL_PACKAGE_GROUP_NAME": model_package_group_name(project),
            "TRAINING_PIPELINE_NAME": pipeline_name(project),
        },
    )
