"""Objects of S3, for one account at a time; what is temporary is tried again."""

from slipway.resources.resource import Owner


class S3:
    """S3 as one owner sees it."""


class S3Clients:
    """A client of S3 for each owner, made once."""

    def __init__(self, endpoint_url: str, access_key_id: str, secret_access_key: str) -> None:
        self._endpoint_url = endpoint_url
        self._access_key_id = access_key_id
        self._secret_access_key = secret_access_key

    def of(self, owner: Owner) -> S3:
        """The client for `owner`."""
        raise NotImplementedError
