"""A project's monitors, set up and taken down: topic, function, pipelines, rules, schedules.

Each is set up again without harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.clients import Aws
from orchestration.definition import Definition, digest_of_inputs, kept
from orchestration.errors import MonitoringError
from orchestration.handlers.monitored_window import Baseline
from orchestration.kinds import kind_of
from orchestration.monitor_function import MonitorRules
from orchestration.monitoring import Monitoring
from orchestration.monitoring_schedules import MonitoringSchedules
from orchestration.names import MONITORS, bucket_name, monitor_name, monitoring_name
from orchestration.pipeline_execution import Pipeline
from orchestration.project import Project
from orchestration.retraining import RetrainingLoop
from orchestration.schedules import Schedules


@dataclass(frozen=True, slots=True)
class Monitors:
    """The monitors of one project, whoever starts them."""

    aws: Aws
    project: Project
    images: Mapping[str, str]
    build_dir: Path

    @property
    def monitoring(self) -> Monitoring:
        """How the project is watched. Raises MonitoringError where it is not."""
        if self.project.monitoring is None:
            raise MonitoringError(
                f"the project {self.project.name} is not watched; give its project.yaml a section "
                "`monitoring:`, and `make run` it again for baselines"
            )
        return self.project.monitoring

    def ensure_topic(self) -> str:
        """The topic that people subscribe to; returns its ARN."""
        return str(self.aws.topics.create_topic(Name=monitoring_name(self.project.name))["TopicArn"])

    def ensure_pipelines(self, topic_arn: str) -> dict[str, str]:
        """Function, pipelines, rules and the loop behind them; returns each monitor's pipeline ARN."""
        monitoring, name = self.monitoring, self.project.name
        function = kind_of(self.project).monitor_function(self.aws, topic_arn)
        function_arn = function.ensure()
        arns = {
            monitor: Pipeline(self.aws, monitor_name(name, monitor)).upsert(
                self.definition(monitor, function_arn).text
            )
            for monitor in MONITORS
        }
        if monitoring.retraining is not None:
            RetrainingLoop(self.aws, self.project, self.images, self.build_dir).ensure()
        # Last: from here on what fails is told of.
        MonitorRules(self.aws, name).ensure(function, function_arn, arns.values())
        return arns

    @property
    def of_sagemaker(self) -> MonitoringSchedules:
        """SageMaker's own monitoring schedules."""
        return MonitoringSchedules(self.aws, self.project, self.images)

    def ensure_schedules(self, baselines: Mapping[str, Baseline] | None = None) -> list[str]:
        """Have the monitors started, by whom the project says and by nobody else; the schedules' names.

        SageMaker's own compare with `baselines`; a pipeline looks at the version that then serves.
        """
        schedules = Schedules(self.aws, self.project.name)
        if self.monitoring.by == "schedule":
            assert baselines is not None
            names = [self.of_sagemaker.ensure(monitor, baselines[monitor]) for monitor in MONITORS]
            for monitor in MONITORS:
                schedules.remove(monitor)
            return names
        names = [schedules.ensure(monitor, self.monitoring.monitor(monitor)) for monitor in MONITORS]
        for monitor in MONITORS:
            self.of_sagemaker.remove(monitor)
        return names

    def remove_schedules(self) -> list[str]:
        """Have nobody start a monitor; returns the names of the schedules that there were."""
        schedules = Schedules(self.aws, self.project.name)
        # Both are asked: who started them last is not asked.
        removed = {each: [schedules.remove(each), self.of_sagemaker.remove(each)] for each in MONITORS}
        return [
            monitor_name(self.project.name, each) for each, was_there in removed.items() if any(was_there)
        ]

    def definition(self, monitor: str, function_arn: str) -> Definition:
        """A monitor's pipeline, which names the function around its job."""
        found = self.monitoring.monitor(monitor)
        inputs = digest_of_inputs(
            self.project, self.aws.settings, self.images, function_arn, found.starts, found.end_offset
        )
        file = self.build_dir / "pipelines" / f"{self.project.name}-{monitor}.json"
        return kept(file, inputs, lambda: self._captured(monitor, function_arn))

    def _captured(self, monitor: str, function_arn: str) -> Any:
        # Seconds, and only here.
        from orchestration.clients import boto_session
        from orchestration.pipelines.monitoring import monitoring_pipeline
        from orchestration.pipelines.training import capture_session

        bucket, settings = bucket_name(self.project.name), self.aws.settings
        return monitoring_pipeline(
            self.project,
            monitor,
            self.monitoring.monitor(monitor),
            capture_session(boto_session(settings), bucket),
            bucket,
            settings.role_arn,
            self.images,
            function_arn,
        )
