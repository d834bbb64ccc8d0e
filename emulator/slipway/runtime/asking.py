"""How the containers of an instance are asked: one of them, or all in turn."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from slipway.errors import RuntimeValidationError
from slipway.resources.document import Document
from slipway.resources.resource import Key
from slipway.runtime.connections import (
    ContainerAnswer,
    ContainerTimeoutError,
    ContainerUnreachableError,
    OpenAnswer,
)
from slipway.runtime.fleet import Taken, Target
from slipway.runtime.model_errors import model_error, text_of

PATH = "/invocations"
# "POST headers outside InvokeEndpoint's set are stripped": parameter to header.
PASSED_ON = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes",
    "TargetVariant": "X-Amzn-SageMaker-Target-Variant",
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
    "SessionId": "X-Amzn-SageMaker-Session-Id",
}


def ask(key: Key, taken: Taken, parameters: Document, body: bytes, seconds: float) -> ContainerAnswer:
    """The answer of the named container, or of the last of all, each reading what the one before said.

    Raises ModelError, RuntimeValidationError, ContainerRefusedError.
    """
    headers = _headers(parameters)
    for target in _targets(key, taken, parameters.get("TargetContainerHostname")):
        answer = _answer(key, target, headers, body, seconds)
        body = _next(headers, answer)
    return answer


def begin(key: Key, taken: Taken, parameters: Document, body: bytes, seconds: float) -> OpenAnswer:
    """The beginning of the same answer, which the caller closes; raises the same."""
    *before, last = _targets(key, taken, parameters.get("TargetContainerHostname"))
    headers = _headers(parameters)
    for target in before:
        body = _next(headers, _answer(key, target, headers, body, seconds))
    with _as_model_error(key, last):
        answer = last.connections.open("POST", PATH, headers, body, seconds)
        if answer.status >= 400:
            with closing(answer):
                raise model_error(key, last.name, answer.status, text_of(b"".join(answer.parts())))
    return answer


def _answer(
    key: Key, target: Target, headers: dict[str, str], body: bytes, seconds: float
) -> ContainerAnswer:
    with _as_model_error(key, target):
        answer = target.connections.request("POST", PATH, headers, body, seconds)
    if answer.status >= 400:
        raise model_error(key, target.name, answer.status, text_of(answer.body))
    return answer


def _headers(parameters: Document) -> dict[str, str]:
    return {header: parameters[name] for name, header in PASSED_ON.items() if parameters.get(name)}


def _next(headers: dict[str, str], answer: ContainerAnswer) -> bytes:
    """What the next container is asked: what this one has answered, in its type."""
    headers.pop("Content-Type", None)
    if "content-type" in answer.headers:
        headers["Content-Type"] = answer.headers["content-type"]
    return answer.body


@contextmanager
def _as_model_error(key: Key, target: Target) -> Iterator[None]:
    """An answer that does not come is the model's error."""
    try:
        yield
    except ContainerTimeoutError:
        text = (
            f"Your invocation timed out while waiting for a response from container {target.name}. "
            "Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, "
            "and try again."
        )
        raise model_error(key, target.name, 0, text) from None
    except ContainerUnreachableError as error:
        text = f"Container {target.name} gave no answer: {error}"
        raise model_error(key, target.name, 0, text) from None


def _targets(key: Key, taken: Taken, hostname: str | None) -> tuple[Target, ...]:
    targets = taken.instance.targets
    if not taken.variant.is_direct:
        if hostname is not None:
            raise RuntimeValidationError(
                f"Endpoint {key.name} passes requests through all containers in turn; "
                "leave TargetContainerHostname out, or create the model in Direct mode."
            )
        return targets
    names = [target.name for target in targets]
    if hostname not in names:
        raise RuntimeValidationError(
            f"Endpoint {key.name} needs a TargetContainerHostname, one of {', '.join(names)}."
        )
    return (targets[names.index(hostname)],)
