"""The runtime's operations: what an endpoint answers."""

from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import RUNTIME
from slipway.resources.document import Document
from slipway.runtime.invocation import Invocation


class Runtime:
    """InvokeEndpoint, and the same with an answer that comes bit by bit."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    @property
    def operations(self) -> Operations:
        """What this service answers."""
        return {
            (RUNTIME, "InvokeEndpoint"): self.invoke,
            (RUNTIME, "InvokeEndpointWithResponseStream"): self.stream,
        }

    def invoke(self, call: Call) -> Document:
        """InvokeEndpoint."""
        return self._invocation.invoke(call.owner, call.parameters)

    def stream(self, call: Call) -> Document:
        """InvokeEndpointWithResponseStream."""
        return self._invocation.stream(call.owner, call.parameters)
