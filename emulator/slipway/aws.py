"""Clients of the AWS services beside this one: EventBridge, CloudWatch, CloudWatch Logs."""

import threading
from typing import Any

import botocore.session
from botocore.config import Config

from slipway.resources.resource import Owner

# They are on this machine. Whoever asks decides about asking again.
CONFIG = Config(connect_timeout=2, read_timeout=15, retries={"total_max_attempts": 1}, max_pool_connections=4)


class AwsClients:
    """One client for each service, account and region; safe for all threads."""

    def __init__(self, endpoint_url: str, secret_access_key: str) -> None:
        self._endpoint_url = endpoint_url
        self._secret_access_key = secret_access_key
        self._session = botocore.session.Session()
        self._clients: dict[tuple[str, Owner], Any] = {}
        self._lock = threading.Lock()

    def of(self, service: str, owner: Owner) -> Any:
        """The client that acts for `owner`."""
        with self._lock:
            client = self._clients.get((service, owner))
            if client is None:
                client = self._session.create_client(
                    service,
                    region_name=owner.region,
                    endpoint_url=self._endpoint_url,
                    # LocalStack's rule: an access key of twelve digits is the account.
                    aws_access_key_id=owner.account_id,
                    aws_secret_access_key=self._secret_access_key,
                    config=CONFIG,
                )
                self._clients[service, owner] = client
            return client
