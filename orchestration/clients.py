"""boto3 sessions and clients. Local and AWS differ in the endpoint's address alone."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from orchestration.settings import Settings


def boto_session(settings: Settings) -> Any:
    """A session whose every client, the SDK's own included, addresses buckets by path.

    A local endpoint has no DNS names for buckets; AWS accepts both forms.
    """
    session = botocore.session.Session()
    session.set_default_client_config(
        Config(s3={"addressing_style": "path"}, connect_timeout=5, retries={"max_attempts": 3})
    )
    return boto3.Session(
        botocore_session=session,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        aws_session_token=settings.session_token,
    )


def s3_client(settings: Settings) -> Any:
    """A client of the object store."""
    return Aws(settings).s3


@dataclass(frozen=True)
class Aws:
    """The services of one account, each with one client that is made when it is first needed."""

    settings: Settings

    @cached_property
    def s3(self) -> Any:
        """The object store."""
        return self._client("s3")

    @cached_property
    def sagemaker(self) -> Any:
        """The control plane."""
        return self._client("sagemaker")

    @cached_property
    def runtime(self) -> Any:
        """What asks endpoints."""
        return self._client("sagemaker-runtime")

    @cached_property
    def events(self) -> Any:
        """EventBridge."""
        return self._client("events")

    @cached_property
    def functions(self) -> Any:
        """Lambda."""
        return self._client("lambda")

    @cached_property
    def athena(self) -> Any:
        """SQL over tables in S3."""
        return self._client("athena")

    @cached_property
    def logs(self) -> Any:
        """CloudWatch Logs."""
        return self._client("logs")

    @cached_property
    def queues(self) -> Any:
        """SQS."""
        return self._client("sqs")

    @cached_property
    def topics(self) -> Any:
        """SNS."""
        return self._client("sns")

    @cached_property
    def schedules(self) -> Any:
        """EventBridge Scheduler."""
        return self._client("scheduler")

    @cached_property
    def _session(self) -> Any:
        return boto_session(self.settings)

    def _client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self.settings.endpoint_url)


def error_code(error: ClientError) -> str:
    """The code of a refusal, such as ResourceNotFound."""
    return str(error.response["Error"]["Code"])


def error_message(error: ClientError) -> str:
    """A refusal's own words."""
    return str(error.response["Error"]["Message"])
