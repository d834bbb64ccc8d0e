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
from orchestration.kinds import kind_of
from orchestration.names import (
    MONITORING_SOURCE,
    VIOLATIONS_EVENT,
    bucket_name,
    retraining_pipeline_name,
)
from orchestration.pipeline_execution import Pipeline
from orchestration.project import Project
from orchestration.rules import ensure_call


@dataclass(frozen=True, slots=True)
class RetrainingLoop:
    """The loop of one project."""

    aws: Aws
    project: Project
    images: Mapping[str, str]
    build_dir: Path

    def ensure(self) -> str:
        """Set up what is not there, bring up to date what is, and return the pipeline's ARN."""
        function = kind_of(self.project).retrain_function(self.aws)
        function_arn = function.ensure()
        arn = Pipeline(self.aws, retraining_pipeline_name(self.project.name)).upsert(
            self.definition(function_arn).text
        )
        # Last: from here on violations are decided about.
        self._ensure_rule(function, function_arn)
        return arn

    def definition(self, function_arn: str) -> Definition:
        """The pipeline's definition, which names the function that collects."""
        inputs = digest_of_inputs(self.project, self.aws.settings, self.images, function_arn)
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
            self.project, session, bucket, settings.role_arn, self.images, function_arn
        )

    def _ensure_rule(self, function: Function, function_arn: str) -> None:
        name = f"slipway-{self.project.name}-violations"
        pattern = {
            "source": [MONITORING_SOURCE],
            "detail-type": [VIOLATIONS_EVENT],
            "detail": {"project": [self.project.name]},
        }
        ensure_call(self.aws, name, pattern, "retrain", function, function_arn)
