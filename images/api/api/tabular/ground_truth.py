"""What became of predictions: labels in Model Monitor's layout, each inference id once."""

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from enum import StrEnum

from api.aws import Aws, AwsAnswer, AwsCall, AwsError
from api.errors import BadGatewayError, UnavailableError
from api.project import S3_URI

CALL_SECONDS = 5.0
# One label more, where Model Monitor looks for none: which inference ids are taken.
INDEX_SUFFIX = "-index"


class Intake(StrEnum):
    """What became of a label that was sent."""

    STORED = "stored"
    REPEATED = "repeated"
    CONFLICT = "conflict"


class GroundTruth:
    """Labels below one S3 prefix.

    A label is first written down in an index, under a digest of its inference
    id and only where there is none, with the key that its line will have; then
    the line is written. Whoever sends it again, for a crash in between or a
    lost answer, writes the same line under the same key.
    """

    def __init__(self, aws: Aws, uri: str) -> None:
        self._aws = aws
        found = S3_URI.fullmatch(uri)
        assert found, "the project's document was checked"
        self._bucket, self._prefix = found[1], found[2].strip("/")

    async def store(self, inference_id: str, label: str, now: datetime | None = None) -> Intake:
        """Keep one label.

        Raises UnavailableError or BadGatewayError where it is not certain that it is kept.
        """
        # The hour is when the label comes (contract of the merge job), not when it was predicted.
        hour = (now or datetime.now(UTC)).strftime("%Y/%m/%d/%H")
        name = hashlib.sha256(inference_id.encode()).hexdigest()
        wanted = {"key": f"{self._prefix}/{hour}/{name}.jsonl", "label": label}
        index_key = f"{self._prefix}{INDEX_SUFFIX}/{name[:2]}/{name}.json"
        content = json.dumps(wanted, sort_keys=True).encode()
        taken = await self._send("PUT", index_key, content, {"If-None-Match": "*"})
        # 409: somebody else writes the very same key now (API reference, PutObject).
        if taken.status == 409:
            raise UnavailableError("the same label is being stored by somebody else", retry_after=1)
        is_new = taken.status == 200
        if taken.status == 412:
            wanted = await self._kept(index_key)
            if wanted["label"] != label:
                return Intake.CONFLICT
        elif not is_new:
            raise _not_kept(taken)
        stored = await self._send("PUT", wanted["key"], line(inference_id, label), {})
        if stored.status != 200:
            raise _not_kept(stored)
        return Intake.STORED if is_new else Intake.REPEATED

    async def _kept(self, key: str) -> dict[str, str]:
        answer = await self._send("GET", key, b"", {})
        document = answer.document()
        if answer.status != 200 or set(document) != {"key", "label"}:
            raise _not_kept(answer)
        return document

    async def _send(self, method: str, key: str, body: bytes, headers: dict[str, str]) -> AwsAnswer:
        try:
            return await self._aws.send(
                AwsCall(
                    service="s3",
                    name=f"{method.capitalize()}Object",
                    method=method,
                    path=f"/{self._bucket}/{key}",
                    body=body,
                    headers=headers,
                    seconds=CALL_SECONDS,
                    # The same content under the same key, or a read: twice is once.
                    is_safe=True,
                )
            )
        except AwsError as error:
            raise UnavailableError("S3 cannot be reached; send the labels again", retry_after=1) from error


def line(inference_id: str, label: str) -> bytes:
    """One label as Model Monitor's merge job reads it."""
    cell = io.StringIO()
    csv.writer(cell, lineterminator="").writerow([label])
    document = {
        "groundTruthData": {"data": cell.getvalue(), "encoding": "CSV"},
        "eventMetadata": {"eventId": inference_id},
        "eventVersion": "0",
    }
    return json.dumps(document).encode() + b"\n"


def _not_kept(answer: AwsAnswer) -> Exception:
    if answer.status in (429, 500, 503):
        return UnavailableError("S3 is overloaded; send the labels again", retry_after=1)
    return BadGatewayError(f"S3 answered {answer.status} to a label; it may not be kept")
