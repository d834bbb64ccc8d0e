"""Steps that wait for somebody's answer: Callback."""

import json
from collections.abc import Callable
from functools import partial

from slipway.errors import ServiceError
from slipway.executors.pipeline.errands import Errands
from slipway.executors.pipeline.failures import refused
from slipway.executors.pipeline.task import Executing, Failed, Result, Stopped, Stopping, Task, Waiting
from slipway.pipelines.expressions import as_text, resolve
from slipway.resources.document import Document
from slipway.resources.resource import Key, Owner

TOLD = "told"

# Put a text on a queue: owner, queue URL, text. Raises ServiceError.
SendMessage = Callable[[Owner, str, str], None]


class CallbackRunner:
    """A message with a token goes to a queue, and whoever has the token ends the step.

    A message is sent once at the least: again, with the same token, where this
    process died before it was known to be sent. An execution that is to stop
    says so in a second message, and waits for the answer.
    """

    def __init__(self, errands: Errands, wake: Callable[[Key], None], send: SendMessage) -> None:
        self._errands = errands
        self._wake = wake
        self._send = send

    def advance(self, task: Task) -> Result:
        """Tell the queue; then it is somebody else's turn."""
        url = as_text(resolve(task.step.target, task.scope))
        shown: Document = {"Callback": {"CallbackToken": task.identity, "SqsQueueUrl": url}}
        if task.is_starting:
            return Executing(shown)
        if task.row.internal.get(TOLD):
            return Waiting()
        try:
            self._tell(task, url, "Executing")
        except ServiceError as error:
            return Failed(*refused("sqs:SendMessage", error))
        return Executing(shown, {TOLD: True})

    def stop(self, task: Task) -> Result:
        """Tell the queue that the answer is all that is waited for."""
        if task.is_starting:
            return Stopped()
        if task.row.status == "Stopping":
            return Waiting()
        if not task.row.internal.get(TOLD):
            # The first message may be on its way; whoever gets it answers.
            return self.advance(task)
        try:
            self._tell(task, as_text(resolve(task.step.target, task.scope)), "Stopping")
        except ServiceError:
            # A queue that is gone keeps nobody from answering.
            return Stopping()
        return Stopping()

    def _tell(self, task: Task, url: str, status: str) -> None:
        message: Document = {
            "token": task.identity,
            "pipelineExecutionArn": task.execution.arn,
            "arguments": resolve(task.step.arguments, task.scope),
            "status": status,
        }
        send = partial(self._send, task.owner, url, json.dumps(message))
        self._errands.outcome(task.row.key, status, send, partial(self._wake, task.execution.key))
