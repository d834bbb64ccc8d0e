"""Who calls, and where: from the signature's scope, which is read and not verified."""

import re

from slipway.resources.resource import Owner

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"
SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


def owner_of(headers: dict[str, str]) -> Owner:
    """The account and region of a signed request.

    The account is the access key where that is twelve digits, as in LocalStack.
    """
    scope = SCOPE.search(headers.get("authorization", ""))
    if scope is None:
        return Owner(DEFAULT_ACCOUNT, DEFAULT_REGION)
    access_key, region, _service = scope.groups()
    return Owner(access_key if re.fullmatch(r"\d{12}", access_key) else DEFAULT_ACCOUNT, region)
