"""An object of any size, written piece by piece with little memory."""

from collections.abc import Callable
from typing import Any

MEGABYTE = 1024**2
# S3 takes 10,000 parts, all but the last of 5 MB at least (user guide, multipart upload limits).
PART_BYTES = 8 * MEGABYTE
SMALL_PARTS = 1000
LARGE_PART_BYTES = 64 * MEGABYTE


class ObjectWriter:
    """A file-like object whose content is an object of S3 once `close` returns, and nothing before.

    `call` carries out each request, again where that may help. Without `close`, as after a crash,
    the object stays as it was; `abort` gives back what was stored of it.
    """

    def __init__(self, client: Any, bucket: str, key: str, call: Callable[..., Any]) -> None:
        self._client = client
        self._target = {"Bucket": bucket, "Key": key}
        self._call = call
        self._rest = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, data: bytes) -> int:
        """Take some more of the content."""
        self._rest += data
        while len(self._rest) >= self._part_bytes:
            size = self._part_bytes
            self._put_part(bytes(memoryview(self._rest)[:size]))
            del self._rest[:size]
        return len(data)

    def flush(self) -> None:
        """Nothing to do before the end; writers of archives ask for it."""

    def close(self) -> None:
        """Let the object be there, whole."""
        if self._upload_id is None:
            body = bytes(self._rest)
            self._call(self._client.put_object, **self._target, Body=body)
            return
        if self._rest:
            self._put_part(bytes(self._rest))
        parts = {"Parts": self._parts}
        self._call(
            self._client.complete_multipart_upload,
            **self._target,
            UploadId=self._upload_id,
            MultipartUpload=parts,
        )

    def abort(self) -> None:
        """Give up: the object stays as it was before."""
        if self._upload_id is not None:
            self._call(self._client.abort_multipart_upload, **self._target, UploadId=self._upload_id)

    @property
    def _part_bytes(self) -> int:
        return PART_BYTES if len(self._parts) < SMALL_PARTS else LARGE_PART_BYTES

    def _put_part(self, body: bytes) -> None:
        if self._upload_id is None:
            self._upload_id = self._call(self._client.create_multipart_upload, **self._target)["UploadId"]
        number = len(self._parts) + 1
        part = {"UploadId": self._upload_id, "PartNumber": number, "Body": body}
        stored = self._call(self._client.upload_part, **self._target, **part)
        self._parts.append({"PartNumber": number, "ETag": stored["ETag"]})
