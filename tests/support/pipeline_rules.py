"""Rules of EventBridge whose target is a pipeline, all of it asked for at LocalStack's port."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.containers import wait_until
from tests.support.emulator_pipelines import ENDED, fail, get, join, token
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import ROLE_ARN, fresh

START_SECONDS = 120


@dataclass(frozen=True)
class RulePipeline:
    """A pipeline that fails with what it was given as its reason; it needs no container."""

    localstack: LocalStack
    name: str

    @classmethod
    def with_parameters(cls, localstack: LocalStack, *names: str) -> "RulePipeline":
        """A new one, whose parameters all have the default `unset`."""
        name = fresh("told")
        definition = {
            "Version": "2020-12-01",
            "Parameters": [{"Name": each, "Type": "String", "DefaultValue": "unset"} for each in names],
            "Steps": [fail("Told", join(*(get(f"Parameters.{each}") for each in names), on=" | "))],
        }
        localstack.client("sagemaker").create_pipeline(
            PipelineName=name,
            PipelineDefinition=json.dumps(definition),
            RoleArn=ROLE_ARN,
            ClientRequestToken=token(),
        )
        return cls(localstack, name)

    @property
    def arn(self) -> str:
        """The rule's target."""
        arn: str = self.localstack.client("sagemaker").describe_pipeline(PipelineName=self.name)[
            "PipelineArn"
        ]
        return arn

    def target(self, parameters: Mapping[str, str], **members: Any) -> dict[str, Any]:
        """As PutTargets has it."""
        listed = [{"Name": name, "Value": value} for name, value in parameters.items()]
        given = {"SageMakerPipelineParameters": {"PipelineParameterList": listed}}
        return {"Id": "pipeline", "Arn": self.arn, "RoleArn": ROLE_ARN, **given, **members}

    def executions(self) -> list[str]:
        """The ARNs of its executions, oldest first."""
        listed = self.localstack.client("sagemaker").list_pipeline_executions(
            PipelineName=self.name, SortOrder="Ascending"
        )
        return [each["PipelineExecutionArn"] for each in listed["PipelineExecutionSummaries"]]

    def started(self, count: int = 1) -> list[dict[str, str]]:
        """The parameters of each execution, once there are that many and all have ended."""
        sagemaker = self.localstack.client("sagemaker")

        def found() -> list[str] | None:
            listed = self.executions()
            return listed if len(listed) >= count else None

        def ended() -> bool | None:
            described = [
                sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn) for arn in executions
            ]
            return True if {each["PipelineExecutionStatus"] for each in described} <= set(ENDED) else None

        executions = wait_until(found, f"{count} executions of {self.name}", START_SECONDS)
        wait_until(ended, f"the executions of {self.name} to end", START_SECONDS)
        return [self.parameters(arn) for arn in executions]

    def parameters(self, execution: str) -> dict[str, str]:
        """What an execution was given, by name."""
        listed = self.localstack.client("sagemaker").list_pipeline_parameters_for_execution(
            PipelineExecutionArn=execution
        )
        return {each["Name"]: each["Value"] for each in listed["PipelineParameters"]}


def rule_in(localstack: LocalStack, pattern: Mapping[str, Any], *targets: Mapping[str, Any]) -> str:
    """A new rule on the default bus with these targets; returns its name."""
    events, name = localstack.client("events"), fresh("rule")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    put = events.put_targets(Rule=name, Targets=list(targets))
    assert put["FailedEntryCount"] == 0, put
    return name
