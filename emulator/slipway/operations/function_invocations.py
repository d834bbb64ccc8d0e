"""Invoke: a function's answer, or a promise to have it called."""

import base64
import json
from collections.abc import Callable
from typing import Protocol

from slipway.errors import FunctionConflict, FunctionContentError, FunctionRequestTooLarge
from slipway.operations.function_names import existing_function
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import LAMBDA
from slipway.resources.document import Document, without_empty
from slipway.resources.function import LATEST, LiveFunction, live_function
from slipway.resources.function_invocation import FunctionAnswer, FunctionInvocation
from slipway.resources.resource import Key, Resource
from slipway.store.store import Store

# Developer guide, "Lambda quotas", as Lambda's own texts write them.
LARGEST_EVENT = 6_291_456
LARGEST_ASYNCHRONOUS_EVENT = 1_048_576


class Invoker(Protocol):
    """Who carries out invocations."""

    def invoke(
        self,
        function: LiveFunction,
        invocation: FunctionInvocation,
        reserved: int | None = None,
        with_log: bool = False,
    ) -> FunctionAnswer:
        """What the function answers, or Lambda in its place."""


# Has a function called with an event, some time; returns once that is certain: function, request id, event.
Enqueue = Callable[[Key, str, bytes], None]


class FunctionInvocations:
    """Synchronous invocations, and those that are promised."""

    def __init__(self, store: Store, invoker: Invoker, enqueue: Enqueue) -> None:
        self._store = store
        self._invoker = invoker
        self._enqueue = enqueue

    @property
    def operations(self) -> Operations:
        """What is answered."""
        return {(LAMBDA, "Invoke"): self.invoke}

    def invoke(self, call: Call) -> Document:
        """Invoke."""
        parameters = call.parameters
        function = existing_function(self._store, call.owner, parameters)
        kind = parameters.get("InvocationType", "RequestResponse")
        event = parameters.get("Payload") or b"{}"
        check_event(event, is_asynchronous=kind == "Event")
        if kind == "DryRun":
            return {"StatusCode": 204}
        live = live_function(function)
        if live is None:
            raise FunctionConflict(
                "The operation cannot be performed at this time. The function is currently in the following "
                f"state: {function.status}"
            )
        if kind == "Event":
            self._enqueue(function.key, call.request_id, event)
            return {"StatusCode": 202}
        return self._answer(call, function, live, event)

    def _answer(self, call: Call, function: Resource, live: LiveFunction, event: bytes) -> Document:
        wants_log = call.parameters.get("LogType") == "Tail"
        invocation = FunctionInvocation(
            request_id=call.request_id,
            event=event,
            function_arn=invoked_arn(function, call.parameters),
            timeout_seconds=live.timeout_seconds,
            client_context=_client_context(call.parameters),
        )
        answer = self._invoker.invoke(
            live, invocation, function.internal.get("concurrency"), with_log=wants_log
        )
        return without_empty(
            {
                "StatusCode": 200,
                "ExecutedVersion": LATEST,
                "FunctionError": "Unhandled" if answer.is_error else None,
                "LogResult": base64.b64encode(answer.log_tail).decode() if wants_log else None,
                "Payload": answer.body,
            }
        )


def check_event(event: bytes, is_asynchronous: bool) -> None:
    """Refuse an event that is too large, or no JSON. Raises FunctionRequestTooLarge, FunctionContentError."""
    if is_asynchronous and len(event) > LARGEST_ASYNCHRONOUS_EVENT:
        raise FunctionRequestTooLarge(
            f"{len(event)} byte payload is too large for the Event invocation type "
            f"(limit {LARGEST_ASYNCHRONOUS_EVENT} bytes)"
        )
    if len(event) > LARGEST_EVENT:
        raise FunctionRequestTooLarge(
            f"Request must be smaller than {LARGEST_EVENT} bytes for the InvokeFunction operation"
        )
    try:
        json.loads(event)
    except (ValueError, RecursionError) as error:
        raise FunctionContentError(f"Could not parse payload into json: {error}") from None


def invoked_arn(function: Resource, parameters: Document) -> str:
    """The ARN that the function is told it was invoked by: with a qualifier where it was named so."""
    qualifier = parameters.get("Qualifier")
    return f"{function.arn}:{qualifier}" if qualifier else function.arn


def _client_context(parameters: Document) -> str | None:
    """The caller's own context as the runtime takes it: JSON. Raises FunctionContentError."""
    encoded = parameters.get("ClientContext")
    if encoded is None:
        return None
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        json.loads(text)
    except ValueError as error:
        raise FunctionContentError(
            f"Client context must be a valid Base64-encoded JSON object: {error}"
        ) from None
    return text
