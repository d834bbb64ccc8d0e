"""Calls what schedules ask for: here through the API, beside us through AWS's own clients."""

from typing import Any, Protocol

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from slipway.api import Api
from slipway.errors import NotImplementedHere, ServiceError
from slipway.resources.document import Document
from slipway.resources.resource import Owner
from slipway.schedules.targets import EVENTS, LAMBDA, OWN_SERVICES, Request

SERVER_ERROR = 500
# Refusals that say: later.
THROTTLING = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestThrottled"})


class DeliveryError(Exception):
    """A target did not take a call; `code` and the text are its own. `is_final` where it never will."""

    def __init__(self, code: str, message: str, is_final: bool) -> None:
        super().__init__(message)
        self.code = code
        self.is_final = is_final


class Clients(Protocol):
    """Clients of the services beside this one."""

    def of(self, service: str, owner: Owner, /) -> Any:
        """The client that acts for `owner`."""


class Delivery:
    """Carries requests out."""

    def __init__(self, api: Api, clients: Clients | None) -> None:
        self._api = api
        self._clients = clients

    def send(self, request: Request) -> None:
        """Have a request carried out. Raises DeliveryError."""
        if request.service in OWN_SERVICES:
            self._call(request)
        else:
            self._ask(request)

    def _call(self, request: Request) -> None:
        document = request.document
        if request.service == LAMBDA and isinstance(document.get("Payload"), str):
            document = {**document, "Payload": document["Payload"].encode()}
        try:
            self._api(request.owner, request.service, request.operation, document)
        except ServiceError as error:
            is_final = error.status < SERVER_ERROR or error.code == NotImplementedHere.code
            raise DeliveryError(error.code, str(error), is_final and error.code not in THROTTLING) from error

    def _ask(self, request: Request) -> None:
        if self._clients is None:
            raise DeliveryError("NotImplemented", f"no endpoint is set for {request.service}", True)
        client = self._clients.of(request.service, request.owner)
        try:
            answer = getattr(client, xform_name(request.operation))(**request.document)
        except ParamValidationError as error:
            raise DeliveryError("ValidationException", str(error), True) from error
        except BotoCoreError as error:
            raise DeliveryError(type(error).__name__, str(error), False) from error
        except ClientError as error:
            raise _refusal(error) from error
        if request.service == EVENTS:
            _check_entries(answer)


def _refusal(error: ClientError) -> DeliveryError:
    code = error.response["Error"].get("Code", "")
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    is_final = status < SERVER_ERROR and code not in THROTTLING
    return DeliveryError(code, error.response["Error"].get("Message") or str(error), is_final)


def _check_entries(answer: Document) -> None:
    """PutEvents answers well where it took none of the events."""
    for entry in answer.get("Entries", ()):
        if "ErrorCode" in entry:
            raise DeliveryError(entry["ErrorCode"], entry.get("ErrorMessage", ""), True)
