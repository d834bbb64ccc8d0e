"""From an HTTP request to an HTTP answer: understand, check, carry out, write."""

import json
import logging
import uuid
from collections.abc import Callable, Mapping

from slipway.errors import (
    CatalogInputError,
    FunctionContentError,
    NotImplementedHere,
    QueryRequestError,
    RuntimeValidationError,
    SerializationException,
    ServiceError,
    UnknownOperationException,
    ValidationException,
)
from slipway.protocol.call import Call, HttpAnswer, HttpRequest, SoonAnswer
from slipway.protocol.identity import owner_of
from slipway.protocol.parsing import parse_document, parse_json, parse_rest
from slipway.protocol.plain_records import PlainRecords
from slipway.protocol.serializing import JSON_TYPE, json_answer, rest_answer
from slipway.protocol.service_model import (
    ATHENA,
    FEATURE_STORE_RUNTIME,
    GLUE,
    JSON_SERVICES,
    LAMBDA,
    SAGEMAKER_RUNTIMES,
    ServiceModels,
)
from slipway.protocol.validation import validate
from slipway.resources.document import Document
from slipway.resources.resource import Owner

log = logging.getLogger(__name__)

OWN_REFUSALS: Mapping[str, type[ServiceError]] = {ATHENA: QueryRequestError, GLUE: CatalogInputError}
Operation = Callable[[Call], Document]
Operations = Mapping[tuple[str, str], Operation]


class Dispatcher:
    """Answers every request; whatever happens, the answer is one that an AWS client can read."""

    def __init__(
        self, models: ServiceModels, operations: Operations, plain_records: PlainRecords | None = None
    ) -> None:
        self._models = models
        self._operations = operations
        self._plain_records = plain_records

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """The answer to `request`."""
        request_id = str(uuid.uuid4())
        is_json = "x-amz-target" in request.headers
        try:
            return self._json(request, request_id) if is_json else self._rest(request, request_id)
        except ServiceError as error:
            return error_answer(error, request_id, is_json)
        except Exception:
            log.exception("request.failed id=%s path=%s", request_id, request.path)
            broken = ServiceError(
                f"Slipway's control plane failed on this request; its log has it under {request_id}."
            )
            return error_answer(broken, request_id, is_json)

    def call(self, owner: Owner, service: str, name: str, document: Document) -> Document:
        """Carry out an operation for a part of this process, as if a client had sent `document` as JSON.

        Bytes stay bytes. Raises ServiceError, as a client would be answered.
        """
        operation = self._models.operation(service, name)
        if operation is None:
            raise UnknownOperationException(f"There is no operation {service} {name}.")
        carry_out = self._implementation(service, name)
        parameters = parse_document(operation, document)
        validate(operation, parameters)
        return carry_out(Call(service, name, parameters, owner, str(uuid.uuid4())))

    def _json(self, request: HttpRequest, request_id: str) -> HttpAnswer:
        prefix, _, name = request.headers["x-amz-target"].partition(".")
        service = JSON_SERVICES.get(prefix)
        operation = self._models.operation(service, name) if service else None
        if service is None or operation is None:
            raise UnknownOperationException(f"There is no operation {request.headers['x-amz-target']}.")
        carry_out = self._implementation(service, name)
        parameters = parse_json(operation, request.body)
        try:
            validate(operation, parameters)
        except ValidationException as error:
            # Their models have no other error for a caller.
            refusal = OWN_REFUSALS.get(service)
            if refusal is not None:
                raise refusal(str(error)) from None
            raise
        document = carry_out(Call(service, name, parameters, owner_of(request.headers), request_id))
        return json_answer(operation, document, request_id)

    def answer_at_once(self, request: HttpRequest) -> HttpAnswer | SoonAnswer | None:
        """The answer to a request that never blocks; None for all others, which `answer` answers."""
        if self._plain_records is None:
            return None
        try:
            return self._plain_records.answer_at_once(request)
        except Exception:
            # Whatever it is, `answer` meets it as well and has the words for it.
            log.warning("request.not_at_once path=%s", request.path, exc_info=True)
            return None

    def _rest(self, request: HttpRequest, request_id: str) -> HttpAnswer:
        if self._plain_records is not None:
            answer = self._plain_records.answer(request)
            if answer is not None:
                return answer
            plain = self._plain_records.parameters(request)
            if plain is not None:
                return self._carry_out(FEATURE_STORE_RUNTIME, *plain, request, request_id)
        found = self._models.match(request.method, request.path, request.query)
        if found is None:
            raise UnknownOperationException(f"There is no operation at {request.method} {request.path}.")
        route, labels = found
        carry_out = self._implementation(route.service, route.operation.name)
        try:
            parameters = parse_rest(route.operation, request, labels)
            validate(route.operation, parameters)
        except ValidationException as error:
            if route.service in SAGEMAKER_RUNTIMES:
                # Their models call it so.
                raise RuntimeValidationError(str(error)) from None
            raise
        except SerializationException as error:
            if route.service == LAMBDA:
                raise FunctionContentError(str(error)) from None
            raise
        owner = owner_of(request.headers)
        document = carry_out(Call(route.service, route.operation.name, parameters, owner, request_id))
        return rest_answer(route.operation, document, request_id)

    def _carry_out(
        self, service: str, name: str, parameters: Document, request: HttpRequest, request_id: str
    ) -> HttpAnswer:
        """The answer to a request that has been understood already."""
        operation = self._models.operation(service, name)
        if operation is None:
            raise UnknownOperationException(f"There is no operation {service} {name}.")
        carry_out = self._implementation(service, name)
        document = carry_out(Call(service, name, parameters, owner_of(request.headers), request_id))
        return rest_answer(operation, document, request_id)

    def _implementation(self, service: str, name: str) -> Operation:
        try:
            return self._operations[service, name]
        except KeyError:
            raise NotImplementedHere(service, name) from None


def error_answer(error: ServiceError, request_id: str, is_json: bool) -> HttpAnswer:
    """A refusal in the protocol's form."""
    headers = {"x-amzn-requestid": request_id, "x-amzn-errortype": error.code}
    members = getattr(error, "members", {})
    if is_json:
        headers["content-type"] = JSON_TYPE
        body = {"__type": error.code, "message": str(error)}
    else:
        headers["content-type"] = "application/json"
        # The runtimes' models spell the member with a capital letter, Lambda's now so, now so.
        body = {getattr(error, "text_member", "Message"): str(error), **members}
    return HttpAnswer(error.status, headers, json.dumps(body).encode())
