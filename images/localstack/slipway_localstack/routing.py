"""Which of the requests at LocalStack's port are the emulator's, and in whose name they are made."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from localstack.constants import INTERNAL_AWS_ACCESS_KEY_ID
from werkzeug.datastructures import Headers

OWN_PAGES = "/_slipway/"
SIGNED_FOR = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
# Signing names: SageMaker's is that of all its runtimes, too.
SIGNING_NAMES = frozenset({"sagemaker", "lambda", "scheduler", "athena", "glue"})
# What X-Amz-Target begins with, and the service of it.
TARGET_PREFIX = "SageMaker."
TARGETS = {TARGET_PREFIX: "sagemaker", "AmazonAthena.": "athena", "AWSGlue.": "glue"}
# Without a signature a path alone must be enough (curl, a browser): paths of the REST services.
INVOCATION = re.compile(r"/endpoints/[^/]+/(async-)?invocations(-response-stream)?")
FUNCTIONS = re.compile(r"/20\d\d-\d\d-\d\d/functions(/.*)?")
SCHEDULES = re.compile(r"/schedule(s|-groups)(/[^/]+)?")
# Under a name of its own a bucket, an API or a function's URL has whatever paths it likes.
OWN_HOST = re.compile(r"(^|\.)(s3|s3-website|execute-api|lambda-url)[.-]")
FUNCTION_ARN = re.compile(r"/functions/arn:aws[a-z-]*:lambda:[a-z0-9-]+:(\d{12}):")


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
    if headers.get("x-amz-target", "").startswith(tuple(TARGETS)):
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


def with_the_functions_account(path: str, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of a call with the account that it means.

    Topics, buckets, REST APIs and secrets call a function by its ARN in no account's name, and
    LocalStack's own Lambda would go by the ARN; the emulator goes by who calls.
    """
    arn = FUNCTION_ARN.search(unquote(path))
    if arn is None:
        return list(headers)
    nobody, owner = f"Credential={INTERNAL_AWS_ACCESS_KEY_ID}/", f"Credential={arn[1]}/"
    return [(name, value.replace(nobody, owner)) for name, value in headers]
