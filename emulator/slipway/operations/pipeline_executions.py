"""The operations on pipeline executions: start, stop, retry, describe, list, update."""

import secrets
import string
from collections.abc import Callable, Sequence

from slipway.clock import Clock
from slipway.errors import ValidationException
from slipway.operations.job_requests import not_here, require
from slipway.operations.listing import list_page, summary
from slipway.operations.model_package_groups import caller
from slipway.operations.pipeline_definitions import parsed
from slipway.operations.pipeline_lookup import (
    asked_version,
    existing_execution,
    existing_pipeline,
    version_of_alias,
)
from slipway.operations.request_tokens import once, used_for_another
from slipway.operations.selective_execution import check_selection
from slipway.pipelines.parameters import ParameterError, as_listed, parameter_values
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import read_token, write_token
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document, without_empty
from slipway.resources.pipeline import run_at
from slipway.resources.pipeline_execution import UPDATED, requested, retried
from slipway.resources.resource import Key, Kind, Resource
from slipway.store.query import Position
from slipway.store.store import Store

ID_LETTERS = string.ascii_lowercase + string.digits
ID_LENGTH = 12
# All that an execution can have: the SDK and the console show them on one page.
PARAMETERS_PER_PAGE = 200
RETRIED = frozenset({"Failed", "Stopped", "CompletedWithFailures"})


def new_id() -> str:
    """A name for an execution, in the form of AWS's."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))


class PipelineExecutions:
    """Executions; `submit` has one looked at by whoever carries it out."""

    def __init__(
        self, store: Store, clock: Clock, submit: Callable[[Key], None], new_id: Callable[[], str] = new_id
    ) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit
        self._new_id = new_id

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "StartPipelineExecution"): self.start,
            (SAGEMAKER, "StopPipelineExecution"): self.stop,
            (SAGEMAKER, "RetryPipelineExecution"): self.retry,
            (SAGEMAKER, "UpdatePipelineExecution"): self.update,
            (SAGEMAKER, "DescribePipelineExecution"): self.describe,
            (SAGEMAKER, "DescribePipelineDefinitionForExecution"): self.describe_definition,
            (SAGEMAKER, "ListPipelineExecutions"): self.list,
            (SAGEMAKER, "ListPipelineExecutionSteps"): self.list_steps,
            (SAGEMAKER, "ListPipelineParametersForExecution"): self.list_parameters,
        }

    def start(self, call: Call) -> Document:
        """StartPipelineExecution: it is at work once this is answered."""
        if "RoleArn" in call.parameters:
            raise ValidationException(
                "RoleArn cannot be given for a pipeline that AWS does not manage: "
                "its executions use the pipeline's role."
            )
        if "MlflowExperimentName" in call.parameters:
            raise not_here("MlflowExperimentName", "start the execution without it")
        name = once(self._store, call, lambda: self._start(call))
        return self._answer(call, name)

    def stop(self, call: Call) -> Document:
        """StopPipelineExecution: running steps are stopped, and a callback is waited for."""
        name = once(self._store, call, lambda: self._stop(call))
        return self._answer(call, name)

    def retry(self, call: Call) -> Document:
        """RetryPipelineExecution: the steps that have failed or were stopped, and those behind them."""
        name = once(self._store, call, lambda: self._retry(call))
        return self._answer(call, name)

    def update(self, call: Call) -> Document:
        """UpdatePipelineExecution: what it is called, and how many of its steps run at a time."""
        execution = self._existing(call)
        changes = {member: call.parameters[member] for member in UPDATED if member in call.parameters}
        modified = {"LastModifiedTime": self._clock.now(), "LastModifiedBy": caller(call.owner)}
        self._store.transition(execution.key, lambda present: present.with_document({**changes, **modified}))
        self._submit(execution.key)
        return {"PipelineExecutionArn": execution.arn}

    def describe(self, call: Call) -> Document:
        """DescribePipelineExecution."""
        return self._existing(call).document

    def describe_definition(self, call: Call) -> Document:
        """DescribePipelineDefinitionForExecution: the one that it began with."""
        execution = self._existing(call)
        pipeline = existing_pipeline(self._store, call.owner, execution.document["PipelineArn"])
        return {
            "PipelineDefinition": execution.internal["definition"],
            # The model's text: "The time when the pipeline was created."
            "CreationTime": pipeline.document["CreationTime"],
        }

    def list(self, call: Call) -> Document:
        """ListPipelineExecutions: a pipeline's, or those of one of its versions."""
        parameters = call.parameters
        pipeline = existing_pipeline(self._store, call.owner, parameters["PipelineName"])
        label = None
        if "PipelineVersionAlias" in parameters:
            version = version_of_alias(self._store, pipeline, parameters["PipelineVersionAlias"])
            label = str(version.document["PipelineVersionId"])
        aliases = self._aliases(pipeline)
        return list_page(
            self._store,
            call,
            Kind.PIPELINE_EXECUTION,
            "PipelineExecutionSummaries",
            lambda execution: _summary(execution, aliases.get(execution.document["PipelineVersionId"])),
            parent=pipeline.name,
            label=label,
        )

    def list_steps(self, call: Call) -> Document:
        """ListPipelineExecutionSteps: those that have begun."""
        require(call.parameters, "PipelineExecutionArn", "pipelineExecutionArn")
        return list_page(
            self._store,
            call,
            Kind.PIPELINE_STEP,
            "PipelineExecutionSteps",
            lambda step: step.document,
            parent=self._existing(call).name,
        )

    def list_parameters(self, call: Call) -> Document:
        """ListPipelineParametersForExecution: given ones and defaults, in the definition's order."""
        values = self._existing(call).internal["parameters"]
        position = read_token(call.operation, call.parameters)
        begin = position.sequence if position else 0
        end = begin + call.parameters.get("MaxResults", PARAMETERS_PER_PAGE)
        more = Position(end, end) if end < len(values) else None
        return without_empty(
            {
                "PipelineParameters": values[begin:end],
                "NextToken": write_token(call.operation, call.parameters, more),
            }
        )

    def _start(self, call: Call) -> str:
        store, parameters = self._store, call.parameters
        pipeline = existing_pipeline(store, call.owner, parameters["PipelineName"])
        version = asked_version(store, pipeline, parameters)
        definition = parsed(version.internal["definition"])
        try:
            values = as_listed(parameter_values(definition, parameters.get("PipelineParameters", ())))
        except ParameterError as error:
            raise ValidationException(str(error)) from None
        if "SelectiveExecutionConfig" in parameters:
            check_selection(store, pipeline, definition, parameters["SelectiveExecutionConfig"])
        now = self._clock.now()
        key = Key(call.owner, Kind.PIPELINE_EXECUTION, f"{pipeline.name}/execution/{self._new_id()}")
        execution = requested(key, pipeline, version, parameters, values, caller(call.owner), now)
        number = str(version.document["PipelineVersionId"])
        store.create(execution, parent=pipeline.name, label=number)
        store.transition(pipeline.key, lambda present: run_at(present, now))
        last = {"LastExecutionPipelineExecutionArn": execution.arn}
        store.transition(version.key, lambda present: present.with_document(last))
        return execution.name

    def _stop(self, call: Call) -> str:
        def stopping(execution: Resource) -> Resource:
            if execution.status != "Executing":
                # Callers look for the second sentence (Apache Airflow, SageMakerHook.stop_pipeline).
                raise ValidationException(
                    f"Pipeline execution with ARN {execution.arn} status '{execution.status}'. "
                    "Only pipelines with 'Executing' status can be stopped."
                )
            return execution.with_document({"LastModifiedBy": caller(call.owner)}).in_status("Stopping")

        return self._store.transition(self._existing(call).key, stopping).name

    def _retry(self, call: Call) -> str:
        execution = self._existing(call)
        if execution.status not in RETRIED:
            raise ValidationException(
                f"Pipeline execution with ARN {execution.arn} status '{execution.status}'. "
                "Only pipelines with 'Failed' or 'Stopped' status can be retried."
            )
        steps = self._store.children(call.owner, Kind.PIPELINE_STEP, execution.name)
        failing = next((step for step in steps if step.internal.get("type") == "Fail"), None)
        if failing is not None:
            # Developer guide, "Fail step": an execution that it ended is not retried.
            raise ValidationException(
                f"Pipeline execution with ARN {execution.arn} was ended by its Fail step "
                f"'{failing.document['StepName']}' and cannot be retried; start a new execution."
            )
        by = caller(call.owner)
        self._store.transition(execution.key, lambda present: retried(present, call.parameters, by))
        return execution.name

    def _answer(self, call: Call, name: str) -> Document:
        execution = self._store.get(Key(call.owner, Kind.PIPELINE_EXECUTION, name))
        if execution is None:
            raise used_for_another(call)
        self._submit(execution.key)
        return {"PipelineExecutionArn": execution.arn}

    def _existing(self, call: Call) -> Resource:
        return existing_execution(self._store, call.owner, call.parameters["PipelineExecutionArn"])

    def _aliases(self, pipeline: Resource) -> dict[int, Sequence[str]]:
        """The aliases of those versions that have any, by number."""
        versions = self._store.children(pipeline.key.owner, Kind.PIPELINE_VERSION, pipeline.name)
        return {
            version.document["PipelineVersionId"]: version.document["PipelineVersionAliases"]
            for version in versions
            if "PipelineVersionAliases" in version.document
        }


def _summary(execution: Resource, aliases: Sequence[str] | None) -> Document:
    members = (
        "PipelineExecutionArn",
        "PipelineExecutionStatus",
        "PipelineExecutionDescription",
        "PipelineExecutionDisplayName",
    )
    return without_empty(
        {
            **summary(execution, *members),
            "StartTime": execution.document["CreationTime"],
            "PipelineExecutionFailureReason": execution.document.get("FailureReason"),
            "PipelineVersionAliases": aliases,
        }
    )
