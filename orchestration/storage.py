"""A project's bucket: what goes in before a pipeline execution and what is read after it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import BotoCoreError, ClientError

from orchestration.errors import OrchestrationError


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

    def put_file(self, path: Path, prefix: str, sha256: str) -> str:
        """Store a file under its digest and return the URI of its folder."""
        folder = f"{prefix}/{sha256[:16]}/"
        if not self._has(folder + path.name, path.stat().st_size):
            self.client.upload_file(str(path), self.name, folder + path.name)
        return f"s3://{self.name}/{folder}"

    def put_json(self, document: Any, name: str, prefix: str) -> str:
        """Store a document under its digest and return the URI of its folder."""
        body = (json.dumps(document, indent=2) + "\n").encode()
        folder = f"{prefix}/{hashlib.sha256(body).hexdigest()[:16]}/"
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

    def _has(self, key: str, size: int) -> bool:
        try:
            found: int = self.client.head_object(Bucket=self.name, Key=key)["ContentLength"]
        except ClientError:
            return False
        return found == size
