"""SendPipelineExecutionStepSuccess and SendPipelineExecutionStepFailure: what a Callback step waits for."""

from collections.abc import Callable

from slipway.clock import Clock
from slipway.errors import ResourceNotFound
from slipway.operations.request_tokens import once, used_for_another
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document
from slipway.resources.pipeline_step import answered, refused
from slipway.resources.resource import Key, Kind, Resource
from slipway.store.query import Query
from slipway.store.store import Store


class PipelineCallbacks:
    """The answers to callbacks; a token is the label of its step until it has been used."""

    def __init__(self, store: Store, clock: Clock, submit: Callable[[Key], None]) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "SendPipelineExecutionStepSuccess"): self.succeed,
            (SAGEMAKER, "SendPipelineExecutionStepFailure"): self.fail,
        }

    def succeed(self, call: Call) -> Document:
        """SendPipelineExecutionStepSuccess: the step has ended well, with these outputs."""
        outputs = call.parameters.get("OutputParameters", [])
        now = self._clock.now()
        return self._end(call, lambda step: answered(step, outputs, now))

    def fail(self, call: Call) -> Document:
        """SendPipelineExecutionStepFailure: the step has failed."""
        reason = call.parameters.get("FailureReason")
        now = self._clock.now()
        return self._end(call, lambda step: refused(step, reason, now))

    def _end(self, call: Call, end: Callable[[Resource], Resource]) -> Document:
        name = once(self._store, call, lambda: self._ended(call, end))
        execution = self._store.get(Key(call.owner, Kind.PIPELINE_EXECUTION, name))
        if execution is None:
            raise used_for_another(call)
        self._submit(execution.key)
        return {"PipelineExecutionArn": execution.arn}

    def _ended(self, call: Call, end: Callable[[Resource], Resource]) -> str:
        """The name of the execution whose step has ended."""
        token = call.parameters["CallbackToken"]
        waiting = self._store.page(call.owner, Kind.PIPELINE_STEP, Query(limit=1, label=token)).resources
        if not waiting:
            raise ResourceNotFound(f"Callback token '{token}' does not exist, or has been used.")
        step = self._store.transition(waiting[0].key, end, label="")
        return step.name.rpartition("/")[0]
