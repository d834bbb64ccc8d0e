"""Calls of S3 that are made again where a later try may succeed."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError
from urllib3.exceptions import HTTPError

log = logging.getLogger(__name__)

T = TypeVar("T")
Wait = Callable[[float], None]

# About a minute and a half together: a store that is started again meanwhile is waited for.
DELAYS = (0.25, 0.5, 1.0, *[2.0] * 45)
TEMPORARY_STATUSES = frozenset({429, 500, 502, 503, 504})
# S3 says some of it with a status of 400 (API reference, error responses).
TEMPORARY_CODES = frozenset({"RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable"})
# What can happen to a connection, and to an answer's body.
BROKEN = (ConnectionError, HTTPClientError, IncompleteReadError, HTTPError)


class StoreAwayError(Exception):
    """S3 has not answered for as long as it is waited for."""


def is_temporary(error: Exception) -> bool:
    """Whether the same call may succeed later."""
    if isinstance(error, BROKEN):
        return True
    if not isinstance(error, ClientError):
        return False
    response: Any = error.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status in TEMPORARY_STATUSES or response["Error"].get("Code") in TEMPORARY_CODES


def patiently(call: Callable[[], T], wait: Wait = time.sleep) -> T:
    """What `call` returns. Raises StoreAwayError where it fails for too long, and what it raises for good."""
    for delay in DELAYS:
        try:
            return call()
        except (ClientError, *BROKEN) as error:
            if not is_temporary(error):
                raise
            log.warning("s3.retry seconds=%g error=%s", delay, error)
        wait(delay)
    try:
        return call()
    except (ClientError, *BROKEN) as error:
        if not is_temporary(error):
            raise
        raise StoreAwayError(str(error)) from error
