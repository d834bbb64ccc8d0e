"""An object store in memory, as far as functions that are called by events ask one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# As S3 pages its listings, only sooner.
PAGE = 3


@dataclass
class Objects:
    """Every object's content by bucket and key; `versions` of those that have one."""

    stored: dict[tuple[str, str], bytes] = field(default_factory=dict)
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    # Copies that were asked for: from what, to what.
    copied: list[tuple[dict[str, str], tuple[str, str]]] = field(default_factory=list)

    def put(self, *uris: str, content: bytes = b"x") -> None:
        """Objects at these URIs."""
        for uri in uris:
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            self.stored[bucket, key] = content

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_more: str) -> None:  # noqa: N803
        """As boto3."""
        self.stored[Bucket, Key] = Body

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        """As boto3."""
        self.stored[Bucket, Key]
        version = self.versions.get((Bucket, Key))
        return {"VersionId": version} if version else {}

    def copy_object(self, Bucket: str, Key: str, CopySource: dict[str, str]) -> None:  # noqa: N803
        """As boto3; which bytes the version has, nobody here knows."""
        self.copied.append((CopySource, (Bucket, Key)))

    def get_paginator(self, operation: str) -> "Objects":
        """As boto3, of the one operation that has pages here."""
        assert operation == "list_objects_v2"
        return self

    def paginate(
        self,
        Bucket: str,  # noqa: N803
        Prefix: str,  # noqa: N803
        StartAfter: str = "",  # noqa: N803
        Delimiter: str = "",  # noqa: N803
    ) -> Iterator[dict[str, Any]]:
        """As boto3; with a delimiter only the folders are told."""
        keys = sorted(
            key
            for bucket, key in self.stored
            if bucket == Bucket and key.startswith(Prefix) and key > StartAfter
        )
        if Delimiter:
            rests = {key.removeprefix(Prefix) for key in keys}
            folders = sorted({rest.partition(Delimiter)[0] for rest in rests if Delimiter in rest})
            yield {"CommonPrefixes": [{"Prefix": f"{Prefix}{folder}{Delimiter}"} for folder in folders]}
            return
        if not keys:
            yield {}
        for at in range(0, len(keys), PAGE):
            yield {"Contents": [{"Key": key} for key in keys[at : at + PAGE]]}
