"""ListFunctions: markers instead of tokens, everything else as in other lists."""

from dataclasses import replace

from slipway.errors import FunctionParameterError, ValidationException
from slipway.protocol.call import Call
from slipway.protocol.pages import read_token, write_token
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Kind
from slipway.store.query import Query, SortBy
from slipway.store.store import Store

# API reference, ListFunctions: "up to 50 functions" without MaxItems, and never more.
PAGE = 50


def function_page(store: Store, call: Call) -> Document:
    """One page of an owner's functions, by name."""
    parameters = call.parameters
    try:
        after = read_token(call.operation, {"NextToken": parameters.get("Marker")})
    except ValidationException:
        raise FunctionParameterError("Invalid Marker: it is none that ListFunctions has answered.") from None
    query = Query(limit=min(parameters.get("MaxItems", PAGE), PAGE), sort_by=SortBy.NAME)
    page = store.page(call.owner, Kind.FUNCTION, replace(query, after=after))
    return without_empty(
        {
            "Functions": [function.document for function in page.resources],
            "NextMarker": write_token(call.operation, {}, page.next),
        }
    )
