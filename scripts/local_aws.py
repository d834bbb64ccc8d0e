"""Calls of the services behind AWS_ENDPOINT_URL, for verbs that run before there is an environment.

LocalStack reads who calls from a request's signature and does not verify it, so
none is made here: with real AWS these calls would be refused.
"""

import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.commands import SetupError

TIMEOUT_SECONDS = 30


class AwsError(Exception):
    """A refusal in AWS's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class LocalAws:
    """Where the services are, and as whom they are asked."""

    endpoint_url: str
    region: str
    access_key_id: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "LocalAws":
        """As AWS's own clients read it. Raises SetupError where the address is missing."""
        endpoint_url = environ.get("AWS_ENDPOINT_URL")
        if not endpoint_url:
            raise SetupError("AWS_ENDPOINT_URL is not set; `make up` starts what it should name")
        return cls(
            # Clients put a bucket's name before a host's name, and nobody knows bucket.localhost.
            endpoint_url.rstrip("/").replace("//localhost", "//127.0.0.1"),
            environ.get("AWS_DEFAULT_REGION") or "us-east-1",
            environ.get("AWS_ACCESS_KEY_ID") or "test",
        )

    def json(self, service: str, target: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A call of the JSON protocol, such as Logs_20140328.GetLogEvents. Raises AwsError, SetupError."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        status, body = self._post(service, json.dumps(parameters).encode(), headers)
        document: dict[str, Any] = json.loads(body)
        if status != http.client.OK:
            code = str(document.get("__type", status)).rpartition("#")[2]
            raise AwsError(code, str(document.get("message", document.get("Message", ""))))
        return document

    def query(self, service: str, action: str, version: str, **parameters: str) -> dict[str, str]:
        """A call of the query protocol: the answer's values by name. Raises AwsError, SetupError."""
        form = {"Action": action, "Version": version, **parameters}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/xml"}
        status, body = self._post(service, urllib.parse.urlencode(form).encode(), headers)
        values = {
            element.tag.rpartition("}")[2]: (element.text or "").strip()
            for element in ElementTree.fromstring(body).iter()
        }
        if status != http.client.OK:
            raise AwsError(values.get("Code", str(status)), values.get("Message", ""))
        return values

    def _post(self, service: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        scope = f"{self.access_key_id}/20000101/{self.region}/{service}/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
        request = urllib.request.Request(self.endpoint_url, body, {**headers, "Authorization": signed})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError as error:
            raise SetupError(f"nothing answers at {self.endpoint_url}: {error}; run: make up") from error
