"""Slipway's control plane behind LocalStack's port: requests and answers pass as they come."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util.request import SKIP_HEADER

SERVICES = "sagemaker, lambda, scheduler, athena and glue"
Headers = list[tuple[str, str]]

# LocalStack answers each request in a thread; a connection that is not kept is opened anew.
CONNECTIONS_KEPT = 64
CONNECT_SECONDS = 2
# A function may run for 15 minutes (Lambda quotas); an endpoint's container has 8 at most (InvokeEndpoint*).
ANSWER_SECONDS = 960
# What concerns one connection and not the message (RFC 9110, 7.6.1); lengths are those of whole bodies.
OF_ONE_CONNECTION = frozenset(
    {
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "expect", "content-length",
    }
)  # fmt: skip
# urllib3 would add its own where the client sends none.
ADDED_BY_URLLIB3 = ("accept-encoding", "user-agent")

logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Headers
    body: bytes

    @property
    def error_code(self) -> str | None:
        """AWS's name of the error, where it is one."""
        return next((value for name, value in self.headers if name.lower() == "x-amzn-errortype"), None)


class Emulator:
    """The control plane at an address, over connections that are kept.

    Every answer is one that an AWS client can read, also where nobody answers.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = urllib3.connection_from_url(
            url,
            maxsize=CONNECTIONS_KEPT,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
        )

    def ask(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """The answer to a request; `target` is path and query as they came."""
        try:
            answer = self._pool.urlopen(
                method,
                target,
                body=body,
                headers=_onward(headers),
                # A call that changes something must not be made twice; clients know which they may repeat.
                retries=False,
                redirect=False,
                decode_content=False,
            )
        except HTTPError as error:
            return refusal(
                503,
                "ServiceUnavailable",
                f"{SERVICES} are Slipway's emulator here, and nothing answers at {self._url} "
                f"(SLIPWAY_EMULATOR_URL): {error}",
            )
        return Answer(answer.status, without_hops(answer.headers.items()), answer.data)


def not_configured() -> Answer:
    """The answer where LocalStack was not told of an emulator; 501, so that clients do not try again."""
    return refusal(
        501,
        "InternalFailure",
        f"{SERVICES} are answered by Slipway's emulator, and this LocalStack was not told where it is; "
        "set SLIPWAY_EMULATOR_URL on LocalStack's container, for example to http://emulator:4500",
    )


def refusal(status: int, code: str, message: str) -> Answer:
    """An error of AWS's JSON protocols, which the REST ones read as well."""
    headers = [("content-type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)]
    return Answer(status, headers, json.dumps({"__type": code, "message": message}).encode())


def without_hops(headers: Iterable[tuple[str, str]]) -> Headers:
    """The headers that belong to the message."""
    return [(name, value) for name, value in headers if name.lower() not in OF_ONE_CONNECTION]


def _onward(headers: Iterable[tuple[str, str]]) -> urllib3.HTTPHeaderDict:
    kept = without_hops(headers)
    present = {name.lower() for name, _ in kept}
    onward = urllib3.HTTPHeaderDict(kept)
    for name in ADDED_BY_URLLIB3:
        if name not in present:
            onward[name] = SKIP_HEADER
    return onward
