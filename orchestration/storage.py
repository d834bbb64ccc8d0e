"""A project's bucket: what goes in before a pipeline execution and what is read after it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import BotoCoreError, ClientError

from orchestration.data_source import DataSource
from orchestration.errors import OrchestrationError
from orchestration.names import DATA_PARAMETERS
from orchestration.project import Project
from orchestration.schema import FILE_NAME, schema_body

# Long enough that two files of a project never share one.
DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An object and the version of it that was stored; on a bucket without versions that is "null"."""

    bucket: str
    key: str
    version: str

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def parameters(self) -> dict[str, str]:
        """The pipeline's parameters that say which rows."""
        return dict(zip(DATA_PARAMETERS, (self.bucket, self.key, self.version), strict=True))


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket; objects under data/ and schema/ are named by their content and never change."""

    client: Any
    name: str

    def ensure(self) -> None:
        """Create the bucket unless it is there. Raises OrchestrationError where the store does not answer."""
        try:
            self.client.head_bucket(Bucket=self.name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise OrchestrationError(f"the bucket {self.name} cannot be used: {error}") from error
            self._create()
        except BotoCoreError as error:
            raise OrchestrationError(
                f"the object store does not answer ({error}); `make up` starts the local one"
            ) from error

    def _create(self) -> None:
        region = self.client.meta.region_name
        # S3 refuses its own home region as a constraint (CreateBucket, API reference).
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.client.create_bucket(Bucket=self.name, **place)

    def keep_versions(self) -> None:
        """Have every object's versions kept: overwriting one then gives it another version id."""
        self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def put_file(self, path: Path, prefix: str, sha256: str, again: bool = False) -> StoredFile:
        """Store a file under its digest; one that is there gets a new version only with `again`."""
        key = f"{prefix}/{sha256[:DIGEST_LENGTH]}/{path.name}"
        found = None if again else self._found(key)
        if found is None or found["ContentLength"] != path.stat().st_size:
            self.client.upload_file(str(path), self.name, key)
            found = self._found(key) or {}
        return StoredFile(self.name, key, found.get("VersionId", "null"))

    def put_bytes(self, body: bytes, name: str, prefix: str) -> str:
        """Store bytes under their digest and return the URI of their folder."""
        folder = content_folder(prefix, body)
        if self._found(folder + name) is None:
            self.client.put_object(Bucket=self.name, Key=folder + name, Body=body)
        return f"s3://{self.name}/{folder}"

    def read(self, uri: str) -> bytes:
        """The bytes of an object of this or another bucket."""
        place = urlparse(uri)
        body: bytes = self.client.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read()
        return body

    def read_json(self, uri: str) -> Any:
        """An object's content as JSON."""
        return json.loads(self.read(uri))

    def download_folder(self, uri: str, folder: Path) -> list[Path]:
        """Every object under `uri` as a file in `folder`, which then holds nothing else."""
        place = urlparse(uri.rstrip("/") + "/")
        prefix = place.path.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        files = []
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=place.netloc, Prefix=prefix):
            for item in page.get("Contents", []):
                file = folder / Path(item["Key"]).name
                self.client.download_file(place.netloc, item["Key"], str(file))
                files.append(file)
        return files

    def _found(self, key: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.client.head_object(Bucket=self.name, Key=key)
        except ClientError:
            return None
        return found


def upload(bucket: Bucket, project: Project, data: DataSource, again: bool = False) -> StoredFile:
    """Put rows and schema where the pipeline looks; `again` makes what is there a new version of itself."""
    bucket.ensure()
    bucket.keep_versions()
    bucket.put_bytes(schema_body(project), FILE_NAME, "schema")
    return bucket.put_file(data.path, "data", data.sha256, again)


def content_folder(prefix: str, body: bytes) -> str:
    """The folder below `prefix` that is named by the content of its one file."""
    return f"{prefix}/{hashlib.sha256(body).hexdigest()[:DIGEST_LENGTH]}/"
