"""Which of the requests at LocalStack's port are SageMaker's, and their way to the emulator and back."""

import logging
import os
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from localstack.aws import handlers
from localstack.aws.api import RequestContext
from localstack.aws.chain import HandlerChain
from localstack.http import Response
from localstack.runtime import hooks
from localstack.runtime.current import get_current_runtime
from werkzeug.datastructures import Headers

from slipway_localstack.emulator import Answer, Emulator, not_configured

EMULATOR_URL = "SLIPWAY_EMULATOR_URL"
OWN_PAGES = "/_slipway/"
# The signing name of sagemaker and of all its runtimes.
SIGNED_FOR = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
SIGNING_NAME = "sagemaker"
TARGET_PREFIX = "SageMaker."
# Without a signature a path alone must be enough (curl, a browser); none of these is a call of S3.
INVOCATION = re.compile(r"/endpoints/[^/]+/(async-)?invocations(-response-stream)?")

# LocalStack's own loggers, so that a call looks in the log like any other.
aws_log = logging.getLogger("localstack.request.aws")
http_log = logging.getLogger("localstack.request.http")


def is_the_emulators(method: str, path: str, headers: Headers) -> bool:
    """Whether a request is for the emulator: decided by the signature, and without one by target or path."""
    if path.startswith(OWN_PAGES):
        return True
    authorization = headers.get("authorization")
    signed = SIGNED_FOR.search(authorization) if authorization else None
    if signed:
        return signed[1] == SIGNING_NAME
    if headers.get("x-amz-target", "").startswith(TARGET_PREFIX):
        return True
    return method == "POST" and INVOCATION.fullmatch(path) is not None


def target_of(uri: str) -> str:
    """Path and query of a request, escaped as they came; a proxy's clients send the whole address."""
    return uri if uri.startswith("/") else urlsplit(uri)._replace(scheme="", netloc="").geturl()


class Forwarder:
    """A handler of LocalStack's gateway that answers what is SageMaker's before LocalStack reads it.

    Its own parser would refuse every operation that is younger than its models.
    """

    def __init__(self, ask: Callable[..., Answer]) -> None:
        self._ask = ask

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        """Answer, and end the chain; let every other request pass."""
        request = context.request
        target = target_of(request.environ["RAW_URI"])
        # The raw path: a name may hold an escaped slash.
        path = target.partition("?")[0]
        if not is_the_emulators(request.method, path, request.headers):
            return
        answer = self._ask(request.method, target, request.headers.items(), request.get_data())
        response.status_code = answer.status
        response.headers = Headers(answer.headers)
        response.data = answer.body
        handlers.add_cors_response_headers(chain, context, response)
        log_answer(request.method, path, request.headers.get("x-amz-target"), answer)
        # What is left of the chain is for answers that LocalStack made itself.
        chain.terminate()


def log_answer(method: str, path: str, target: str | None, answer: Answer) -> None:
    """A line, in LocalStack's words."""
    code = f" ({answer.error_code})" if answer.error_code else ""
    if target:
        aws_log.info("AWS sagemaker.%s => %d%s", target.removeprefix(TARGET_PREFIX), answer.status, code)
    elif path != "/_slipway/health":
        http_log.info("%s %s => %d%s", method, path, answer.status, code)


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def forward_sagemaker() -> None:
    """Put the forwarder into the gateway, right behind the check of a browser's origin."""
    url = os.environ.get(EMULATOR_URL)
    ask = Emulator(url).ask if url else lambda *_: not_configured()
    gateway_handlers = get_current_runtime().components.gateway.request_handlers
    gateway_handlers.insert(gateway_handlers.index(handlers.enforce_cors) + 1, Forwarder(ask))
