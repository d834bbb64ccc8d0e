"""Who calls, and where: from the signature's scope, which is read and not verified."""

import re

from slipway.resources.resource import Owner

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"
# A region is part of ARNs and of folders' names, so nothing else is taken for one.
SCOPE = re.compile(r"Credential=([^/\s,]+)/\d{8}/([a-z0-9-]{1,64})/[a-z0-9-]+/aws4_request")


def owner_of(headers: dict[str, str]) -> Owner:
    """The account and region of a signed request.

    The account is the access key where that is twelve digits, as in LocalStack.
    """
    scope = SCOPE.search(headers.get("authorization", ""))
    if scope is None:
        return Owner(DEFAULT_ACCOUNT, DEFAULT_REGION)
    access_key, region = scope.groups()
    return Owner(access_key if re.fullmatch(r"[0-9]{12}", access_key) else DEFAULT_ACCOUNT, region)
