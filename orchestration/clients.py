"""boto3 sessions and clients. Local and AWS differ in the endpoint's address alone."""

from typing import Any

import boto3
import botocore.session
from botocore.config import Config

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
    return boto_session(settings).client("s3", endpoint_url=settings.endpoint_url)
