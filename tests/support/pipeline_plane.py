"""The control plane with pipelines whose executions nobody carries out: a test makes their steps itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.errors import ValidationException
from slipway.operations.pipeline_callbacks import PipelineCallbacks
from slipway.operations.pipeline_executions import PipelineExecutions
from slipway.operations.pipeline_versions import PipelineVersions
from slipway.operations.pipelines import Pipelines
from slipway.operations.step_arguments import StepArguments
from slipway.resources.arn import key_of_arn
from slipway.resources.resource import Key, Kind, Owner, Resource

from tests.support.control_plane import MODELS, ControlPlane

ROLE = "arn:aws:iam::123456789012:role/pipelines"


def fail_step(name: str, *depends_on: str) -> dict[str, Any]:
    """A step that ends the execution."""
    return {"Name": name, "Type": "Fail", "DependsOn": [*depends_on], "Arguments": {"ErrorMessage": "no"}}


def callback_step(name: str, refers_to: str | None = None, *depends_on: str) -> dict[str, Any]:
    """A step with the output `out`, which may refer to another one's."""
    reference = {"Get": f"Steps.{refers_to}.OutputParameters['out']"}
    return {
        "Name": name,
        "Type": "Callback",
        "DependsOn": [*depends_on],
        "SqsQueueUrl": "http://localhost:4566/123456789012/queue",
        "Arguments": {"value": reference if refers_to else "1"},
        "OutputParameters": [{"OutputName": "out", "OutputType": "String"}],
    }


def definition(*steps: Mapping[str, Any], parameters: Any = ()) -> str:
    """A definition's JSON; of one Fail step where none are given."""
    return json.dumps(
        {"Version": "2020-12-01", "Parameters": [*parameters], "Steps": [*steps] or [fail_step("Stop")]}
    )


@dataclass
class PipelinePlane:
    """Operations on pipelines, the executions that were submitted, and the objects of S3."""

    plane: ControlPlane
    submitted: list[Key] = field(default_factory=list)
    objects: dict[tuple[str, str, str | None], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        store, clock = self.plane.store, self.plane.clock
        self.plane.operations |= {
            **Pipelines(store, clock, self._read_object, StepArguments(MODELS)).operations,
            **PipelineVersions(store).operations,
            **PipelineExecutions(store, clock, self.submitted.append).operations,
            **PipelineCallbacks(store, clock, self.submitted.append).operations,
        }

    def _read_object(self, _owner: Owner, bucket: str, key: str, version_id: str | None) -> bytes:
        try:
            return self.objects[bucket, key, version_id]
        except KeyError:
            raise ValidationException(f"there is no s3://{bucket}/{key}") from None

    def end(self, execution_arn: str, status: str, **document: Any) -> None:
        """Put an execution into another status, as the executor would."""
        self.plane.store.transition(
            key(execution_arn), lambda present: present.with_document(document).in_status(status)
        )

    def step(self, execution_arn: str, name: str, status: str, token: str = "", **document: Any) -> Key:
        """A step of an execution, as the executor would have made it."""
        execution = key(execution_arn)
        step = Key(execution.owner, Kind.PIPELINE_STEP, f"{execution.name}/{name}")
        now = self.plane.clock.now()
        shown = {"StepName": name, "StepStatus": status, "StartTime": now, **document}
        kept = {"type": "Callback", "round": 0}
        self.plane.store.create(
            Resource(step, now, now, status, shown, kept), parent=execution.name, label=token
        )
        return step


def create(sagemaker: Any, name: str = "Bank", **parameters: Any) -> str:
    """A new pipeline's ARN."""
    given = {"RoleArn": ROLE, "PipelineDefinition": definition(), **parameters}
    arn: str = sagemaker.create_pipeline(PipelineName=name, **given)["PipelineArn"]
    return arn


def start(sagemaker: Any, name: str = "Bank", **parameters: Any) -> str:
    """A new execution's ARN."""
    answer = sagemaker.start_pipeline_execution(PipelineName=name, **parameters)
    arn: str = answer["PipelineExecutionArn"]
    return arn


def key(arn: str) -> Key:
    """What an ARN names."""
    found = key_of_arn(arn)
    assert found is not None, arn
    return found
