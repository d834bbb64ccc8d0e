"""InvokeEndpointWithResponseStream: an answer handed on while the model still speaks."""

from collections.abc import Callable, Iterator

from slipway.resources.document import Document
from slipway.runtime.connections import ContainerTimeoutError, ContainerUnreachableError, OpenAnswer


def events(answer: OpenAnswer, done: Callable[[], None]) -> Iterator[Document]:
    """The parts of an answer as events, and what keeps it from its end; `done` is called whatever comes.

    It has to be begun: an iterator that nobody ever asked calls nobody.
    """
    try:
        for part in answer.parts():
            yield {"PayloadPart": {"Bytes": part}}
    except ContainerTimeoutError:
        yield _error(
            "ModelInvocationTimeExceeded",
            "The model failed to finish sending the response within the timeout period allowed.",
        )
    except ContainerUnreachableError as error:
        yield _error("StreamBroken", f"The connection between the client and the model is broken: {error}")
    finally:
        answer.close()
        done()


def _error(code: str, text: str) -> Document:
    """The service's model gives both codes, and these texts for them."""
    return {"ModelStreamError": {"ErrorCode": code, "Message": text}}
