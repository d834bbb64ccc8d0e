"""AWS's operations, called by parts of this process that stand in for a client."""

from typing import Protocol

from slipway.resources.document import Document
from slipway.resources.resource import Owner


class Api(Protocol):
    """Every operation that is answered here, by service and name, e.g. sagemaker CreateProcessingJob."""

    def __call__(self, owner: Owner, service: str, name: str, document: Document, /) -> Document:
        """Carry it out for `owner`; raises ServiceError as a client would be answered."""
