"""Which of the requests at LocalStack's port are the emulator's, and their way there and back."""

import logging
import os
import re
from collections.abc import Callable
from functools import cache
from urllib.parse import unquote, urlsplit

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
SIGNED_FOR = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
# Signing names: SageMaker's is that of all its runtimes, too.
SIGNING_NAMES = frozenset({"sagemaker", "lambda", "scheduler"})
TARGET_PREFIX = "SageMaker."
# Without a signature a path alone must be enough (curl, a browser): paths of the REST services.
INVOCATION = re.compile(r"/endpoints/[^/]+/(async-)?invocations(-response-stream)?")
FUNCTIONS = re.compile(r"/20\d\d-\d\d-\d\d/functions(/.*)?")
SCHEDULES = re.compile(r"/schedule(s|-groups)(/[^/]+)?")
# Under a name of its own a bucket, an API or a function's URL has whatever paths it likes.
OWN_HOST = re.compile(r"(^|\.)(s3|s3-website|execute-api|lambda-url)[.-]")

Ask = Callable[..., Answer]

# LocalStack's own loggers, so that a call looks in the log like any other.
aws_log = logging.getLogger("localstack.request.aws")
http_log = logging.getLogger("localstack.request.http")


def is_the_emulators(method: str, target: str, headers: Headers) -> bool:
    """Whether a request is for the emulator: decided by the signature, and without one by target or path.

    `target` is path and query, escaped as they came: a name may hold an escaped slash.
    """
    path, _, query = target.partition("?")
    if path.startswith(OWN_PAGES):
        return True
    signing_name = signed_for(headers.get("authorization", ""), query)
    if signing_name:
        return signing_name in SIGNING_NAMES
    if headers.get("x-amz-target", "").startswith(TARGET_PREFIX):
        return True
    return not OWN_HOST.search(headers.get("host", "")) and is_a_path_of_the_emulators(method, path)


def signed_for(authorization: str, query: str) -> str | None:
    """The service that a request is signed for, in its header or, where it is presigned, in its query."""
    signed = SIGNED_FOR.search(authorization) or SIGNED_FOR.search(unquote(query))
    if signed:
        return signed[1]
    # The signature of version 2, which only S3 still takes; boto3 presigns with it by default.
    return "s3" if authorization.startswith("AWS ") or "AWSAccessKeyId=" in query else None


def is_a_path_of_the_emulators(method: str, path: str) -> bool:
    """Whether a path alone says that a request is for the emulator."""
    if method == "POST" and INVOCATION.fullmatch(path):
        return True
    return bool(FUNCTIONS.fullmatch(path) or SCHEDULES.fullmatch(path))


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
        answer = self._ask(request.method, target, request.headers.items(), request.get_data())
        response.status_code = answer.status
        response.headers = Headers(answer.headers)
        response.data = answer.body
        handlers.add_cors_response_headers(chain, context, response)
        path = target.partition("?")[0]
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
