"""Objects of S3, for one account at a time; what is temporary is tried again."""

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from slipway.resources.resource import Owner
from slipway.staging.errors import StagingError
from slipway.staging.object_writer import MEGABYTE, ObjectWriter
from slipway.staging.retries import StoreAwayError, Wait, patiently

T = TypeVar("T")

DEFAULT_ACCOUNT = "000000000000"
# At a time, over all jobs: each holds one part of an object in memory.
TRANSFERS = 8
DELETE_LIMIT = 1000  # keys a call (DeleteObjects, API reference)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object's key and size."""

    key: str
    size: int


class S3Error(StagingError):
    """S3 refused; `code`, `status` and `text` are its own, and the message holds all three."""

    def __init__(self, code: str, status: int, text: str) -> None:
        super().__init__(f"ClientError: {code} ({status}): {text}")
        self.code = code
        self.status = status
        self.text = text


class S3:
    """S3 as one owner sees it. Every method raises S3Error, and StagingError where nobody answers."""

    def __init__(
        self,
        client: Any,
        transfers: Executor,
        region: str = "us-east-1",
        role_arn: str | None = None,
        wait: Wait = time.sleep,
    ) -> None:
        self._client = client
        self._transfers = transfers
        self._wait = wait
        # What AWS names in its texts.
        self.region = region
        self.role_arn = role_arn

    @property
    def endpoint_url(self) -> str:
        """Where it is."""
        url: str = self._client.meta.endpoint_url
        return url

    def objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        """Every object whose key begins with `prefix`, by key."""
        found: list[StoredObject] = []
        more: dict[str, str] = {}
        while True:
            page = self._call(self._client.list_objects_v2, Bucket=bucket, Prefix=prefix, **more)
            found += [StoredObject(each["Key"], each["Size"]) for each in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return sorted(found, key=lambda each: each.key)
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def reach(self, bucket: str) -> None:
        """Nothing, where the bucket is there and answers."""
        self._call(self._client.list_objects_v2, Bucket=bucket, MaxKeys=1)

    def read(self, bucket: str, key: str, version_id: str | None = None) -> bytes:
        """An object's content, as it is now or in one of its versions."""
        version = {} if version_id is None else {"VersionId": version_id}

        def fetch() -> bytes:
            content: bytes = self._client.get_object(Bucket=bucket, Key=key, **version)["Body"].read()
            return content

        return self._call(fetch)

    def download(self, bucket: str, key: str, target: Path) -> None:
        """Make an object the file `target`, whose folder exists."""

        def fetch() -> None:
            body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
            # botocore checks the length: a connection that breaks raises, and all is fetched again.
            with closing(body), target.open("wb") as file:
                shutil.copyfileobj(body, file, MEGABYTE)

        self._call(fetch)

    def upload(self, source: BinaryIO, bucket: str, key: str) -> None:
        """Make an open file's content an object."""
        with self.writer(bucket, key) as writer:
            shutil.copyfileobj(source, writer, MEGABYTE)

    @contextmanager
    def writer(self, bucket: str, key: str) -> Iterator[ObjectWriter]:
        """A file to write an object to, which is there once the block has ended well."""
        writer = ObjectWriter(self._client, bucket, key, self._call)
        try:
            yield writer
            writer.close()
        except BaseException:
            # What made it fail is what counts, and may be the reason why this fails too.
            with suppress(StagingError):
                writer.abort()
            raise

    def abandon_uploads(self, bucket: str, key: str) -> None:
        """Give back the parts that a process which was killed has stored of an object."""
        listed = self._call(self._client.list_multipart_uploads, Bucket=bucket, Prefix=key)
        for upload in listed.get("Uploads", ()):
            if upload["Key"] == key:
                identity = upload["UploadId"]
                self._call(self._client.abort_multipart_upload, Bucket=bucket, Key=key, UploadId=identity)

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Remove objects; one that is gone is no error."""
        names = [{"Key": key} for key in keys]
        for start in range(0, len(names), DELETE_LIMIT):
            some = {"Objects": names[start : start + DELETE_LIMIT], "Quiet": True}
            self._call(self._client.delete_objects, Bucket=bucket, Delete=some)

    def each(self, transfer: Callable[[T], None], items: Iterable[T]) -> None:
        """Do `transfer` for all items, several at a time. Raises the first error once none is under way."""
        futures = [self._transfers.submit(transfer, item) for item in items]
        try:
            for future in futures:
                future.result()
        finally:
            for future in futures:
                future.cancel()
            wait(futures)

    def _call(self, call: Callable[..., T], **parameters: Any) -> T:
        try:
            return patiently(partial(call, **parameters), self._wait)
        except ClientError as error:
            response: Any = error.response
            details = response["Error"]
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            raise S3Error(details.get("Code", ""), status, details.get("Message", "")) from error
        except StoreAwayError as error:
            raise StagingError(
                f"InternalServerError: S3 does not answer at {self.endpoint_url}: {error}"
            ) from error


class S3Clients:
    """A client of S3 for each owner, made once."""

    def __init__(
        self, endpoint_url: str, access_key_id: str, secret_access_key: str, wait: Wait = time.sleep
    ) -> None:
        self._wait = wait
        self._endpoint_url = endpoint_url
        self._access_key_id = access_key_id
        self._secret_access_key = secret_access_key
        self._transfers = ThreadPoolExecutor(TRANSFERS, thread_name_prefix="s3")
        self._clients: dict[Owner, Any] = {}
        self._lock = threading.Lock()

    def of(self, owner: Owner, role_arn: str | None = None) -> S3:
        """S3 for `owner`; `role_arn` is the role that AWS's texts name."""
        with self._lock:
            if owner not in self._clients:
                self._clients[owner] = self._client(owner)
            return S3(self._clients[owner], self._transfers, owner.region, role_arn, self._wait)

    def close(self) -> None:
        """Begin no further transfer."""
        self._transfers.shutdown(wait=False, cancel_futures=True)

    def _client(self, owner: Owner) -> Any:
        is_default = owner.account_id == DEFAULT_ACCOUNT
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self._endpoint_url,
            region_name=owner.region,
            # LocalStack's rule: an access key of twelve digits is the account.
            aws_access_key_id=self._access_key_id if is_default else owner.account_id,
            aws_secret_access_key=self._secret_access_key,
            config=Config(
                s3={"addressing_style": "path"},
                # `patiently` is the one that tries again.
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=60,
                max_pool_connections=4 * TRANSFERS,
                # Not every store knows S3's newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
