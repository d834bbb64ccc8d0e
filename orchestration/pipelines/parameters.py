"""A pipeline's parameters: their names, their defaults from the project, their values for one execution."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString

from orchestration.errors import ProjectError
from orchestration.kinds import kind_of
from orchestration.names import DATA_PARAMETERS, FEATURE_STORE
from orchestration.project import Project
from orchestration.schema import schema_body
from orchestration.storage import content_folder

Value = str | int | float
# Longest value that StartPipelineExecution takes (API reference, PipelineParameterValue).
LONGEST_VALUE = 1024


@dataclass(frozen=True, slots=True)
class PipelineParameters:
    """Every parameter by name; hyperparameters also by the name that the training image knows."""

    parameters: Mapping[str, Any]
    hyperparameters: Mapping[str, Any]

    @classmethod
    def of(
        cls, project: Project, bucket: str, images: Mapping[str, str], extract_uri: str | None = None
    ) -> "PipelineParameters":
        """The parameters of `project`, the project's own values as defaults."""
        monitoring = project.images.monitoring if project.monitoring else None
        fixed: dict[str, Value] = {
            # Named by its content: another schema is another URI, and nothing cached fits it.
            "SchemaUri": f"s3://{bucket}/{content_folder('schema', schema_body(project))}",
            "OutputUri": f"s3://{bucket}/executions",
            **({"ExtractUri": extract_uri} if extract_uri else {}),
            **({"OfflineStoreUri": f"s3://{bucket}/{FEATURE_STORE}"} if project.feature_group else {}),
            "PreprocessImageUri": images[project.images.processing],
            "TrainingImageUri": images[project.images.training],
            **({"MonitorImageUri": images[monitoring]} if monitoring else {}),
            "ProcessingInstanceType": project.instance_types.processing,
            "TrainingInstanceType": project.instance_types.training,
            **kind_of(project).parameters(),
            "OnBadRows": project.on_bad_rows,
            "MetricThreshold": project.metric.threshold,
        }
        parameters = {name: ParameterString(name=name) for name in DATA_PARAMETERS}
        parameters |= {name: _parameter(name, value) for name, value in fixed.items()}
        hyperparameters = {
            name: _parameter(hyperparameter_name(name), value)
            for name, value in project.hyperparameters.items()
        }
        if len({parameter.name for parameter in hyperparameters.values()}) < len(hyperparameters):
            raise ProjectError(
                "two hyperparameters differ in underscores alone and would be one pipeline parameter"
            )
        return cls(parameters, hyperparameters)

    def __getitem__(self, name: str) -> Any:
        """The parameter of that name."""
        return self.parameters[name]

    def __contains__(self, name: str) -> bool:
        """Whether there is one of that name."""
        return name in self.parameters

    def all(self) -> list[Any]:
        """Every parameter, in the definition's order."""
        return [*self.parameters.values(), *self.hyperparameters.values()]

    def values(self) -> dict[str, Value]:
        """The value of every parameter that has one, to start an execution with."""
        return {p.name: p.default_value for p in self.all() if p.default_value is not None}


def hyperparameter_name(name: str) -> str:
    """num_round as HyperparameterNumRound: EventBridge's pipeline target refuses underscores."""
    return "Hyperparameter" + "".join(part.capitalize() for part in name.split("_"))


def _parameter(name: str, value: Value) -> Any:
    if isinstance(value, str):
        if len(value) > LONGEST_VALUE:
            raise ProjectError(f"{name} is longer than the {LONGEST_VALUE} characters a parameter may have")
        return ParameterString(name=name, default_value=value)
    if isinstance(value, int):
        return ParameterInteger(name=name, default_value=value)
    return ParameterFloat(name=name, default_value=float(value))
