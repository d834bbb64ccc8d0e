"""Pipelines of the emulator whose steps run a shell command, judged by the engine's own facts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.support.containers import let_go, wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_jobs import LIMIT, ROLE, Jobs, cluster

# A command that runs until `Execution.let_go`.
WAITS = "until test -e /tmp/go; do sleep 0.05; done"
ENDED = ("Succeeded", "Failed", "Stopped", "CompletedWithFailures")
END_SECONDS = 300

Document = dict[str, Any]


def get(reference: str) -> Document:
    """A reference: get("Parameters.Threshold")."""
    return {"Get": reference}


def join(*values: Any, on: str = "") -> Document:
    """Values as one text."""
    return {"Std:Join": {"On": on, "Values": list(values)}}


def condition(
    name: str, left: Any, right: Any, then: Sequence[Document] = (), otherwise: Sequence[Document] = ()
) -> Document:
    """A step that compares two values: at least as great."""
    compared = {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": right}
    arguments = {"Conditions": [compared], "IfSteps": list(then), "ElseSteps": list(otherwise)}
    return {"Name": name, "Type": "Condition", "Arguments": arguments}


def fail(name: str, message: Any = "failed on purpose", **members: Any) -> Document:
    """A step that fails the execution."""
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}, **members}


@dataclass(frozen=True)
class Execution:
    """An execution of one of the pipelines below."""

    pipelines: "Pipelines"
    arn: str

    def describe(self) -> Document:
        """What Describe says now."""
        described: Document = self.pipelines.sagemaker.describe_pipeline_execution(
            PipelineExecutionArn=self.arn
        )
        del described["ResponseMetadata"]
        return described

    @property
    def status(self) -> str:
        """Its status now."""
        status: str = self.describe()["PipelineExecutionStatus"]
        return status

    def ended(self) -> str:
        """Its status once it has ended."""

        def found() -> str | None:
            return self.status if self.status in ENDED else None

        return wait_until(found, f"{self.arn} to end", END_SECONDS)

    def steps(self) -> dict[str, Document]:
        """The steps that are listed, by name, in the order of their beginning."""
        listed: list[Document] = []
        more: dict[str, str] = {}
        while True:
            page = self.pipelines.sagemaker.list_pipeline_execution_steps(
                PipelineExecutionArn=self.arn, SortOrder="Ascending", MaxResults=100, **more
            )
            listed += page["PipelineExecutionSteps"]
            if "NextToken" not in page:
                return {step["StepName"]: step for step in listed}
            more = {"NextToken": page["NextToken"]}

    def statuses(self) -> dict[str, str]:
        """The status of every step that is listed."""
        return {name: step["StepStatus"] for name, step in self.steps().items()}

    def succeeded(self) -> dict[str, Document]:
        """The steps of an execution that must have ended well."""
        status, steps = self.ended(), self.steps()
        assert status == "Succeeded", {name: step.get("FailureReason") for name, step in steps.items()}
        return steps

    def step_in(self, name: str, *statuses: str) -> Document:
        """A step once it is in one of `statuses`."""

        def found() -> Document | None:
            step = self.steps().get(name)
            return step if step and step["StepStatus"] in statuses else None

        return wait_until(found, f"step {name} to be {' or '.join(statuses)}", END_SECONDS)

    def job_arn(self, step: str) -> str:
        """The ARN of a step's job, once it has one."""
        (job,) = self.step_in(step, "Executing", "Succeeded", "Failed", "Stopped")["Metadata"].values()
        arn: str = job["Arn"]
        return arn

    def job(self, step: str) -> str:
        """The name of a step's job, in small letters."""
        return self.job_arn(step).rpartition("/")[2]

    def running(self, step: str) -> Any:
        """The container of a step's present job, once it runs."""
        emulator = self.pipelines.emulator

        def found() -> Any:
            # Another attempt is another job.
            label = f"slipway.resource={self.job_arn(step)}"
            containers = emulator.container.client.containers.list(
                filters={"label": [label, f"slipway.volume={emulator.jobs_volume}"]}
            )
            return next(iter(containers), None)

        return wait_until(found, f"step {step} to run")

    def let_go(self, step: str) -> None:
        """Let a step that runs WAITS go on."""
        let_go(self.running(step))

    def stop(self) -> None:
        """StopPipelineExecution."""
        self.pipelines.sagemaker.stop_pipeline_execution(
            PipelineExecutionArn=self.arn, ClientRequestToken=token()
        )

    def retry(self) -> None:
        """RetryPipelineExecution."""
        self.pipelines.sagemaker.retry_pipeline_execution(
            PipelineExecutionArn=self.arn, ClientRequestToken=token()
        )


@dataclass(frozen=True)
class Pipelines:
    """Pipelines of an emulator whose jobs run the image of `jobs`."""

    jobs: Jobs

    @property
    def sagemaker(self) -> Any:
        """The emulator, as any client sees it."""
        return self.jobs.sagemaker

    @property
    def emulator(self) -> Emulator:
        """The emulator."""
        return self.jobs.emulator

    # -- defining -------------------------------------------------------------

    def processing(
        self,
        name: str,
        command: Any,
        *after: str,
        outputs: Mapping[str, str] | None = None,
        arguments: Document | None = None,
        **members: Any,
    ) -> Document:
        """A step that runs `command` in a shell; `outputs` are keys of the bucket by name."""
        kept = [self.jobs.processing_output(*output) for output in (outputs or {}).items()]
        request = {
            "AppSpecification": {
                "ImageUri": self.jobs.image,
                "ContainerEntrypoint": ["sh", "-c"],
                "ContainerArguments": [command],
            },
            "ProcessingResources": {"ClusterConfig": cluster(1)},
            "ProcessingOutputConfig": {"Outputs": kept},
            "StoppingCondition": LIMIT,
        }
        return {
            "Name": name,
            "Type": "Processing",
            "Arguments": request | (arguments or {}),
            **({"DependsOn": list(after)} if after else {}),
            **members,
        }

    def training(self, name: str, command: str, *after: str, **members: Any) -> Document:
        """A step that trains by running `command` in a shell."""
        request = {
            "RoleArn": ROLE,
            "AlgorithmSpecification": {
                "TrainingImage": self.jobs.image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["sh", "-c", command],
            },
            "OutputDataConfig": {"S3OutputPath": self.jobs.uri("models")},
            "ResourceConfig": cluster(1),
            "StoppingCondition": LIMIT,
        }
        depends = {"DependsOn": list(after)} if after else {}
        return {"Name": name, "Type": "Training", "Arguments": request, **depends, **members}

    def model(self, name: str, model_data: Any) -> Document:
        """A step that creates a model."""
        container = {"Image": self.jobs.image, "ModelDataUrl": model_data}
        arguments = {"ExecutionRoleArn": ROLE, "PrimaryContainer": container}
        return {"Name": name, "Type": "Model", "Arguments": arguments}

    def register(self, name: str, group: str, model_data: Any) -> Document:
        """A step that registers a version."""
        container = {"Image": self.jobs.image, "ModelDataUrl": model_data}
        specification = {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        arguments = {"ModelPackageGroupName": group, "InferenceSpecification": specification}
        return {"Name": name, "Type": "RegisterModel", "Arguments": arguments}

    def create(self, *steps: Document, parameters: Sequence[Document] = (), **members: Any) -> str:
        """A pipeline of those steps; returns its name."""
        name = f"pipeline-{uuid4().hex[:8]}"
        definition = {"Version": "2020-12-01", "Parameters": list(parameters), "Steps": list(steps)}
        self.sagemaker.create_pipeline(
            PipelineName=name,
            PipelineDefinition=json.dumps(definition),
            RoleArn=ROLE,
            ClientRequestToken=token(),
            **members,
        )
        return name

    # -- running --------------------------------------------------------------

    def start(self, pipeline: str, parameters: Mapping[str, str] | None = None, **members: Any) -> Execution:
        """Start an execution."""
        given = [{"Name": name, "Value": value} for name, value in (parameters or {}).items()]
        request = {"ClientRequestToken": token(), "PipelineParameters": given, **members}
        answer = self.sagemaker.start_pipeline_execution(PipelineName=pipeline, **request)
        return Execution(self, answer["PipelineExecutionArn"])

    def run(self, *steps: Document, **members: Any) -> Execution:
        """An execution of a new pipeline, which has ended."""
        execution = self.start(self.create(*steps, **members))
        execution.ended()
        return execution

    # -- judging --------------------------------------------------------------

    def starts(self, execution: Execution) -> dict[str, int]:
        """How often containers of each step's jobs were started, by the engine's own account."""
        identity = execution.arn.rpartition("/")[2]
        # ARNs of jobs have no capitals.
        names = {name.replace("_", "-").lower(): name for name in execution.steps()}
        counts: dict[str, int] = {}
        for arn, count in self.emulator.starts.by_resource().items():
            name = arn.rpartition("/")[2]
            begins, _, rest = name.partition(f"pipelines-{identity}-")
            if not begins and rest:
                step = names[rest.rpartition("-")[0]]
                counts[step] = counts.get(step, 0) + count
        return counts


def token() -> str:
    """A token that was never used."""
    return uuid4().hex
