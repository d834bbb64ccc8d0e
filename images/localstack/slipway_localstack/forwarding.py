"""The way of requests from LocalStack's port to the emulator and back."""

import logging
import os
from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit

from localstack.aws import handlers
from localstack.aws.api import RequestContext
from localstack.aws.chain import HandlerChain
from localstack.http import Response
from localstack.runtime import hooks
from localstack.runtime.current import get_current_runtime
from werkzeug.datastructures import Headers

from slipway_localstack.emulator import Answer, Emulator, not_configured
from slipway_localstack.routing import TARGETS, is_the_emulators, with_the_functions_account

EMULATOR_URL = "SLIPWAY_EMULATOR_URL"
Ask = Callable[..., Answer]

# LocalStack's own loggers, so that a call looks in the log like any other.
aws_log = logging.getLogger("localstack.request.aws")
http_log = logging.getLogger("localstack.request.http")


def target_of(uri: str) -> str:
    """Path and query of a request, escaped as they came; a proxy's clients send the whole address."""
    return uri if uri.startswith("/") else urlsplit(uri)._replace(scheme="", netloc="").geturl()


class Forwarder:
    """A handler of LocalStack's gateway that answers what is the emulator's before LocalStack reads it.

    LocalStack's own services call each other through the gateway as well, so a function that a
    topic, a bucket or an API calls is the emulator's, too. Its parser would refuse every
    operation that is younger than its models.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        """Answer, and end the chain; let every other request pass."""
        request = context.request
        target = target_of(request.environ["RAW_URI"])
        if not is_the_emulators(request.method, target, request.headers):
            return
        path = target.partition("?")[0]
        headers = with_the_functions_account(path, request.headers.items())
        answer = self._ask(request.method, target, headers, request.get_data())
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
        prefix, _, operation = target.partition(".")
        service = TARGETS.get(f"{prefix}.", prefix)
        aws_log.info("AWS %s.%s => %d%s", service, operation, answer.status, code)
    elif path != "/_slipway/health":
        http_log.info("%s %s => %d%s", method, path, answer.status, code)


@cache
def ask_the_emulator() -> Ask:
    """Asks the emulator that this LocalStack was told of, over one pool of connections."""
    url = os.environ.get(EMULATOR_URL)
    return Emulator(url).ask if url else lambda *_: not_configured()


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def forward_to_the_emulator() -> None:
    """Put the forwarder into the gateway, right behind the check of a browser's origin."""
    gateway_handlers = get_current_runtime().components.gateway.request_handlers
    gateway_handlers.insert(gateway_handlers.index(handlers.enforce_cors) + 1, Forwarder(ask_the_emulator()))
