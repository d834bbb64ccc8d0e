"""Who calls, and where: from the signature's scope, which is read and not verified."""

import base64
import re

from slipway.resources.resource import Owner

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"
# A region is part of ARNs and of folders' names, so nothing else is taken for one.
# Credentials of LocalStack's STS and IAM hold their account as AWS's own do: in base 32 behind the prefix.
OF_LOCALSTACK = re.compile(r"L[SK]IA([A-Z2-7]{8})([A-Z2-7])[A-Z2-7]*")
ACCOUNT_OFFSET = 1 << 39
UPPER_HALF = "QRSTUVWXYZ234567"
SCOPE = re.compile(r"Credential=([^/\s,]+)/\d{8}/([a-z0-9-]{1,64})/[a-z0-9-]+/aws4_request")


def owner_of(headers: dict[str, str]) -> Owner:
    """The account and region of a signed request."""
    scope = SCOPE.search(headers.get("authorization", ""))
    if scope is None:
        return Owner(DEFAULT_ACCOUNT, DEFAULT_REGION)
    access_key, region = scope.groups()
    return Owner(account_of(access_key), region)


def account_of(access_key: str) -> str:
    """Whose an access key is, as LocalStack has it: twelve digits are an account themselves."""
    if re.fullmatch(r"[0-9]{12}", access_key):
        return access_key
    found = OF_LOCALSTACK.fullmatch(access_key)
    if found is None:
        return DEFAULT_ACCOUNT
    whole = int.from_bytes(base64.b32decode(found[1]), "big") - ACCOUNT_OFFSET
    account = 2 * whole + (found[2] in UPPER_HALF)
    return f"{account:012}" if 0 <= account < 10**12 else DEFAULT_ACCOUNT
