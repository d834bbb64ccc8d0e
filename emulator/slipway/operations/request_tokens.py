"""Client request tokens: a request that is sent again is carried out once."""

import hashlib
import json
from collections.abc import Callable

from slipway.errors import ConflictException
from slipway.protocol.call import Call
from slipway.resources.document import Document
from slipway.store.store import Store

# The members that hold a token, in the operations that have one.
TOKENS = ("ClientRequestToken", "ClientToken")


def once(store: Store, call: Call, carry_out: Callable[[], str]) -> str:
    """Carry out what a token stands for, in one transaction; `carry_out` gives the name of what it made.

    A repetition answers that name again. Raises ConflictException where the
    token came with another request.
    """
    token = next((call.parameters[member] for member in TOKENS if member in call.parameters), None)
    with store.all_or_nothing():
        claimed = store.token(call.owner, call.operation, token) if token else None
        if claimed is None:
            name = carry_out()
            if token:
                store.claim_token(call.owner, call.operation, token, _fingerprint(call.parameters), name)
            return name
    fingerprint, name = claimed
    if fingerprint != _fingerprint(call.parameters):
        raise used_for_another(call)
    return name


def used_for_another(call: Call) -> ConflictException:
    """The refusal of a token whose request was another one, or made what is gone."""
    member = next(member for member in TOKENS if member in call.parameters)
    return ConflictException(
        f"{member} {call.parameters[member]} was used for another request; "
        "give each request a token of its own."
    )


def _fingerprint(parameters: Document) -> str:
    told = {name: value for name, value in parameters.items() if name not in TOKENS}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
