"""Which objects an S3 data source means, and what they are called as files."""

import json
from dataclasses import dataclass
from typing import Any

from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3, S3Error
from slipway.staging.s3_uri import S3Uri


@dataclass(frozen=True, slots=True)
class Source:
    """An object, and its path as a file."""

    bucket: str
    key: str
    path: str

    def __str__(self) -> str:
        """Its URI."""
        return f"s3://{self.bucket}/{self.key}"


def sources(s3: S3, data_type: str, uri_text: str) -> list[Source]:
    """The objects of an S3Prefix or a ManifestFile, by key. Raises StagingError where there are none."""
    uri = S3Uri.parse(uri_text)
    if data_type == "ManifestFile":
        return of_manifest(s3, uri)
    if data_type == "S3Prefix":
        return of_prefix(s3, uri)
    raise StagingError(
        f"ClientError: S3DataType {data_type} is not implemented here; use S3Prefix or ManifestFile."
    )


def of_prefix(s3: S3, uri: S3Uri) -> list[Source]:
    """Every object whose key begins with the URI's."""
    try:
        stored = s3.objects(uri.bucket, uri.key)
    except S3Error as error:
        raise StagingError(f"{no_objects(s3, uri)} Error message from S3: {error.text}") from error
    # A key that ends with a slash is a folder that a console made: it holds nothing.
    found = [Source(uri.bucket, each.key, uri.relative(each.key)) for each in stored if each.key[-1:] != "/"]
    if not found:
        raise StagingError(no_objects(s3, uri))
    return found


def of_manifest(s3: S3, uri: S3Uri) -> list[Source]:
    """The objects that a manifest names, in the order of their keys."""
    try:
        content = s3.read(uri.bucket, uri.key)
    except S3Error as error:
        raise StagingError(f"{no_objects(s3, uri)} Error message from S3: {error.text}") from error
    prefix, *names = manifest_entries(uri, content)
    base = S3Uri.parse(prefix)
    found = [Source(base.bucket, base.key + name, name) for name in dict.fromkeys(names)]
    return sorted(found, key=lambda each: each.key)


def manifest_entries(uri: S3Uri, content: bytes) -> list[str]:
    """The prefix of a manifest and then its names (API reference, S3DataSource)."""
    try:
        document: Any = json.loads(content)
        first, *names = document
        entries = [first["prefix"], *names]
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(uri) from error
    if len(entries) < 2 or not all(isinstance(entry, str) and entry for entry in entries):
        raise _unreadable(uri)
    return entries


def _unreadable(uri: S3Uri) -> StagingError:
    return StagingError(
        f"ClientError: The manifest file {uri} is not valid; it must read "
        '[{"prefix": "s3://bucket/path/"}, "file-1", "file-2"].'
    )


def no_objects(s3: S3, uri: S3Uri) -> str:
    """AWS's text for it; CreateTrainingJob gives the same as a ValidationException."""
    role = f' "{s3.role_arn}"' if s3.role_arn else ""
    return (
        f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. '
        f"Please ensure that the bucket exists in the selected region ({s3.region}), "
        f"that objects exist under that S3 prefix, "
        f'and that the role{role} has "s3:ListBucket" permissions on bucket "{uri.bucket}".'
    )


def share(found: list[Source], distribution: str, host_index: int, host_count: int) -> list[Source]:
    """What one host gets. How SageMaker deals the objects out is not documented; here in turn, by key."""
    return found[host_index::host_count] if distribution == "ShardedByS3Key" else found
