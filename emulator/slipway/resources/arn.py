"""From an ARN to what it names."""

import re

from slipway.resources.resource import Key, Kind, Owner

ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:([a-z0-9-]*):([0-9]{12}):([a-z-]+)/(.+)")

KINDS = {kind.value: kind for kind in Kind}


def key_of_arn(arn: str) -> Key | None:
    """What identifies the resource of an ARN; None for a type that is not kept here, and for no ARN."""
    found = ARN.fullmatch(arn)
    if found is None:
        return None
    region, account_id, kind, name = found.groups()
    return Key(Owner(account_id, region), KINDS[kind], name) if kind in KINDS else None
