"""Steps that call a function: Lambda."""

import json
from collections.abc import Callable, Mapping
from functools import partial

from slipway.clock import Clock
from slipway.errors import ServiceError
from slipway.executors.pipeline.errands import Errands, PendingError
from slipway.executors.pipeline.failures import refused
from slipway.executors.pipeline.scope import typed_outputs
from slipway.executors.pipeline.task import Executing, Failed, Result, Stopped, Succeeded, Task
from slipway.executors.pipeline.timer import Timer
from slipway.pipelines.expressions import ExpressionError, as_text, resolve
from slipway.resources.document import Document
from slipway.resources.resource import Key

# The most that a Lambda step waits (developer guide, "Lambda step").
LONGEST_SECONDS = 600.0
INVOKED = "invoked"


class LambdaRunner:
    """A function is invoked with the step's arguments, and what it answers are the step's outputs.

    A process that dies meanwhile invokes it again. A stop waits for it: it
    cannot be stopped (API reference, StopPipelineExecution).
    """

    def __init__(
        self, errands: Errands, timer: Timer, wake: Callable[[Key], None], real_clock: Clock
    ) -> None:
        self._errands = errands
        self._timer = timer
        self._wake = wake
        self._real_clock = real_clock

    def advance(self, task: Task) -> Result:
        """Invoke the function, or see whether it has answered."""
        arn = resolve(task.step.target, task.scope)
        payload = json.dumps(resolve(task.step.arguments, task.scope)).encode()
        if task.is_starting:
            return Executing({"Lambda": {"Arn": arn}}, {"begun_at": self._real_clock.now()})
        invoke = partial(task.call, "lambda", "Invoke", {"FunctionName": arn, "Payload": payload})
        try:
            answer = self._errands.outcome(
                task.row.key, INVOKED, invoke, partial(self._wake, task.execution.key)
            )
        except PendingError:
            return self._overdue(task)
        except ServiceError as error:
            return Failed(*refused("lambda:Invoke", error))
        assert isinstance(answer, dict)
        return _answered(task, arn, answer)

    def stop(self, task: Task) -> Result:
        """Wait for the answer."""
        return Stopped() if task.is_starting else self.advance(task)

    def _overdue(self, task: Task) -> Result:
        left = task.row.internal["begun_at"] + LONGEST_SECONDS - self._real_clock.now()
        if left <= 0:
            return Failed(
                f"ClientError: the function did not answer within {LONGEST_SECONDS:.0f} seconds, "
                "the most that a Lambda step waits"
            )
        self._timer.after(left, task.execution.key)
        raise PendingError(INVOKED)


def _answered(task: Task, arn: object, answer: Document) -> Result:
    text = answer.get("Payload", b"").decode("utf-8", errors="replace")
    if "FunctionError" in answer:
        return Failed(f"ClientError: the function {arn} failed: {text}")
    if not task.step.outputs:
        return Succeeded()
    try:
        given = _outputs(task.step.outputs, text)
        typed_outputs(task.step.name, task.step.outputs, given)
    except ExpressionError as error:
        return Failed(f"ClientError: {error}")
    return Succeeded({"Lambda": {"Arn": arn, "OutputParameters": given}})


def _outputs(declared: Mapping[str, str], text: str) -> list[Document]:
    """The declared outputs, as they stand in the answer. Raises ExpressionError where one does not."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ExpressionError(f"the function must return an object with its outputs, not {text:.200}")
    missing = sorted(declared.keys() - answer.keys())
    if missing:
        raise ExpressionError(f"the function's answer lacks the declared output {', '.join(missing)}")
    return [{"Name": name, "Value": as_text(answer[name])} for name in declared]
