"""Signed calls to AWS over kept connections: botocore finds credentials, aiohttp carries.

boto3 takes more than a millisecond of CPU for a call that this does in a
quarter of one, and it would hold a thread for as long as the answer takes.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp
import yarl
from botocore.session import Session

from api.errors import SettingsError
from api.metrics import Metrics
from api.signing import Signer

log = logging.getLogger(__name__)

# uvicorn and AWS's load balancers close what is idle for 5 s and longer; one
# that is closed while a request is under way would lose it.
KEEP_ALIVE_SECONDS = 3.0
CONNECT_SECONDS = 2.0
# The first pause before a call is tried again; each one is twice as long, and
# takes a random share of itself, so that callers do not come back together.
BACKOFF_SECONDS = 0.05
ATTEMPTS = 3
TRANSIENT = frozenset({429, 500, 502, 503, 504})

# Each service: its name in AWS_ENDPOINT_URL_<NAME>, its host's first labels, what signs for it.
SERVICES = {
    "sagemaker": ("SAGEMAKER", "api.sagemaker", "sagemaker"),
    "runtime": ("SAGEMAKER_RUNTIME", "runtime.sagemaker", "sagemaker"),
    "features": ("SAGEMAKER_FEATURESTORE_RUNTIME", "featurestore-runtime.sagemaker", "sagemaker"),
    "s3": ("S3", "s3", "s3"),
}
# Where a partition has another than all the others.
DOMAINS = {"aws-cn": "amazonaws.com.cn"}


class AwsError(Exception):
    """A call had no answer."""


class AwsUnreachableError(AwsError):
    """Nothing was sent: the call has certainly not been carried out."""


class AwsTimeoutError(AwsError):
    """No answer in time; the call may have been carried out."""


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One request. `is_safe` calls may be carried out twice, so they are tried again."""

    service: str
    name: str
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 10.0
    is_safe: bool = False

    @classmethod
    def to_control_plane(cls, operation: str, parameters: Mapping[str, str], seconds: float) -> Self:
        """A read of SageMaker's control plane."""
        return cls(
            service="sagemaker",
            name=operation,
            method="POST",
            path="/",
            body=json.dumps(parameters).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"SageMaker.{operation}",
            },
            seconds=seconds,
            is_safe=True,
        )


@dataclass(frozen=True, slots=True)
class AwsAnswer:
    """An answer of whatever status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """An error's code, as AWS's JSON protocols tell it; "" for none."""
        told = self.headers.get("x-amzn-errortype") or self.document().get("__type") or ""
        return str(told).split(":")[0].rpartition("#")[2]

    @property
    def message(self) -> str:
        """An error's text."""
        document = self.document()
        return str(document.get("message") or document.get("Message") or "")

    def document(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Aws:
    """The services that this image asks, in one region."""

    def __init__(self, environ: Mapping[str, str], metrics: Metrics, connections: int) -> None:
        """Raises SettingsError without a region."""
        self._region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
        if not self._region:
            raise SettingsError("AWS_REGION is not set")
        self._signer = Signer(self._region)
        self._metrics = metrics
        self._connections = connections
        botocore = Session()
        self._credentials = botocore.get_credentials()
        suffix = DOMAINS.get(botocore.get_partition_for_region(self._region), "amazonaws.com")
        self._urls = {
            service: environ.get(f"AWS_ENDPOINT_URL_{variable}", "").rstrip("/")
            or environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
            or f"https://{host}.{self._region}.{suffix}"
            for service, (variable, host, _) in SERVICES.items()
        }
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make ready, inside the running loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS),
            auto_decompress=False,
            # AWS's services set none; looking for some with each request is not free.
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Content-Type", "Accept-Encoding"),
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def send(self, call: AwsCall) -> AwsAnswer:
        """The answer, of whatever status.

        Raises AwsUnreachableError and AwsTimeoutError, and AwsError for half an answer.
        """
        attempts = ATTEMPTS if call.is_safe else 1
        for attempt in range(1, attempts + 1):
            is_last = attempt == attempts
            try:
                answer = await self._once(call)
            except AwsError:
                if is_last:
                    raise
            else:
                if is_last or answer.status not in TRANSIENT:
                    return answer
            pause = BACKOFF_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
            log.info("aws.retry call=%s attempt=%d", call.name, attempt)
            await asyncio.sleep(pause)
        raise AssertionError("a call has at least one attempt")

    async def _once(self, call: AwsCall) -> AwsAnswer:
        assert self._session is not None, "open() comes first"
        url = yarl.URL(self._urls[call.service] + call.path, encoded=True)
        headers = await self._signed(call, url)
        timeout = aiohttp.ClientTimeout(total=call.seconds, sock_connect=min(CONNECT_SECONDS, call.seconds))
        started = time.perf_counter()
        status = "none"
        try:
            async with self._session.request(
                call.method,
                url,
                data=call.body or None,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                body = await response.read()
                status = str(response.status)
                return AwsAnswer(response.status, response.headers, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise AwsUnreachableError(f"{call.name}: {error}") from error
        except TimeoutError as error:
            raise AwsTimeoutError(f"{call.name}: no answer within {call.seconds:g} s") from error
        except aiohttp.ClientError as error:
            raise AwsError(f"{call.name}: {type(error).__name__}: {error}") from error
        finally:
            self._metrics.upstream(call.name, status, time.perf_counter() - started)

    async def _signed(self, call: AwsCall, url: yarl.URL) -> dict[str, str]:
        if self._credentials is None:
            raise AwsUnreachableError(f"{call.name}: there are no AWS credentials")
        credentials = self._credentials
        if getattr(credentials, "refresh_needed", bool)():
            # Asks the machine's metadata service or STS, with a blocking client.
            await asyncio.to_thread(credentials.get_frozen_credentials)
        return self._signer.headers(
            credentials.get_frozen_credentials(),
            SERVICES[call.service][2],
            call.method,
            url.host_port_subcomponent or "",
            url.raw_path,
            call.headers,
            call.body,
            datetime.now(UTC),
        )
