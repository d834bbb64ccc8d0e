"""The project's inference API, asked as any of its clients asks it."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from orchestration.errors import ApiError

TIMEOUT_SECONDS = 30.0
# The API takes a hundred at a time; so few are stored well within its time for a request.
LABELS_AT_ONCE = 20
WAY_OUT = "`make api` starts it"


@dataclass(slots=True)
class InferenceApi:
    """A connection that is kept, and the key of a client."""

    url: str
    key: str
    _connection: http.client.HTTPConnection | None = None

    def predict(self, project: str, record: Mapping[str, object], inference_id: str) -> dict[str, Any]:
        """The answer to one record. Raises ApiError in the API's own words."""
        headers = {"X-Inference-Id": inference_id}
        return self._post(f"/v1/{project}/predictions", {"records": [record]}, headers)

    def tell(self, project: str, labels: Mapping[str, str]) -> None:
        """What came true, by inference id. Raises ApiError in the API's own words."""
        entries = [{"inference_id": name, "label": label} for name, label in labels.items()]
        for at in range(0, len(entries), LABELS_AT_ONCE):
            batch: Sequence[object] = entries[at : at + LABELS_AT_ONCE]
            self._post(f"/v1/{project}/ground-truth", {"labels": batch}, {})

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, path: str, document: object, headers: Mapping[str, str]) -> dict[str, Any]:
        given = {"X-Api-Key": self.key, "Content-Type": "application/json", **headers}
        try:
            if self._connection is None:
                parts = urlsplit(self.url)
                https = parts.scheme == "https"
                kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
                self._connection = kind(parts.netloc, timeout=TIMEOUT_SECONDS)
            self._connection.request("POST", path, json.dumps(document), given)
            answer = self._connection.getresponse()
            status, body = answer.status, answer.read()
            told: dict[str, Any] = json.loads(body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise ApiError(f"no inference API answers at {self.url} ({error}); {WAY_OUT}") from error
        if status != http.client.OK:
            reasons = "; ".join(str(each.get("reason")) for each in told.get("errors", [])[:3])
            detail = told.get("detail") or told.get("title")
            raise ApiError(f"{self.url}{path} answers {status}: {detail}{reasons and f' ({reasons})'}")
        return told
