"""From an ARN to what it names."""

import re

from slipway.resources.resource import ARN_FORMS, Key, Kind, Owner

ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:([a-z0-9-]*):([0-9]{12}):([a-z-]+)/(.+)")

# An execution's ARN is its pipeline's and more.
EXECUTION = re.compile(r"[^/]+/execution/[^/]+")
KINDS = {kind.value: kind for kind in Kind if kind not in ARN_FORMS}


def key_of_arn(arn: str) -> Key | None:
    """What identifies the resource of an ARN; None for a type that is not kept here, and for no ARN."""
    found = ARN.fullmatch(arn)
    if found is None:
        return None
    region, account_id, kind, name = found.groups()
    owner = Owner(account_id, region)
    if kind == Kind.PIPELINE and EXECUTION.fullmatch(name):
        return Key(owner, Kind.PIPELINE_EXECUTION, name)
    return Key(owner, KINDS[kind], name) if kind in KINDS else None
