"""What a FunctionName may be: a name, a part of an ARN or a whole one, each with or without a qualifier."""

import re

from slipway.errors import FunctionNotFound, FunctionParameterError
from slipway.resources.document import Document
from slipway.resources.function import LATEST
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.store import Store

NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account_id>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)
LONGEST_NAME = 64


def named(owner: Owner, parameters: Document) -> tuple[Key, str | None]:
    """The function that a request names, and its qualifier.

    Raises FunctionParameterError, FunctionNotFound.
    """
    text: str = parameters["FunctionName"]
    found = NAME.fullmatch(text)
    if found is None or len(found["name"]) > LONGEST_NAME:
        raise FunctionParameterError(
            f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LONGEST_NAME}, and be the name or the ARN of a "
            "function"
        )
    if found["region"] not in (None, owner.region):
        raise FunctionNotFound(
            f"Functions from '{found['region']}' are not reachable in this region ('{owner.region}')"
        )
    qualifier = parameters.get("Qualifier") or found["qualifier"]
    if found["qualifier"] not in (None, qualifier):
        raise FunctionParameterError(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    key = Key(Owner(found["account_id"] or owner.account_id, owner.region), Kind.FUNCTION, found["name"])
    return key, qualifier


def existing_function(store: Store, owner: Owner, parameters: Document) -> Resource:
    """The function that a request names. Raises FunctionNotFound in AWS's words."""
    key, qualifier = named(owner, parameters)
    function = store.get(key)
    # Names of functions are told apart by their case, and rows are not.
    if function is None or function.key != key or key.owner != owner or qualifier not in (None, LATEST):
        suffix = f":{qualifier}" if qualifier else ""
        raise FunctionNotFound(f"Function not found: {key.arn}{suffix}")
    return function
