"""Event streams as botocore's own decoder reads them."""

from botocore.eventstream import EventStreamBuffer
from botocore.model import StructureShape
from slipway.protocol.event_stream import encoded
from slipway.protocol.service_model import RUNTIME, ServiceModels
from slipway.resources.document import Document


def body_shape() -> StructureShape:
    operation = ServiceModels().operation(RUNTIME, "InvokeEndpointWithResponseStream")
    assert operation is not None
    assert isinstance(operation.output_shape, StructureShape)
    shape = operation.output_shape.members["Body"]
    assert isinstance(shape, StructureShape)
    return shape


def test_parts_and_errors_are_events_that_botocore_reads() -> None:
    parts = [bytes(range(256)), b"x" * 100_000]
    error = {"ErrorCode": "StreamBroken", "Message": "gone"}
    events: list[Document] = [{"PayloadPart": {"Bytes": part}} for part in parts]
    buffer = EventStreamBuffer()

    # The decoder checks both sums of each message.
    for message in encoded(body_shape(), [*events, {"ModelStreamError": error}]):
        buffer.add_data(message)

    *read, last = buffer
    assert [message.payload for message in read] == parts
    assert {message.headers[":event-type"] for message in read} == {"PayloadPart"}
    assert last.headers[":message-type"] == "exception"
    assert last.headers[":exception-type"] == "ModelStreamError"
