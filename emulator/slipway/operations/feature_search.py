"""Search, over feature groups."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

from slipway.errors import NotServedHere, ValidationException
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import read_token, write_token
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document, without_empty
from slipway.resources.feature_group import STATUSES
from slipway.resources.resource import Kind, Resource
from slipway.store.query import Position
from slipway.store.store import Store

DEFAULT_PAGE = 10
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


class FeatureSearch:
    """Search of FeatureGroup; every other resource is refused by name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {(SAGEMAKER, "Search"): self.search}

    def search(self, call: Call) -> Document:
        """Search."""
        parameters = call.parameters
        if parameters["Resource"] != "FeatureGroup":
            raise NotServedHere(
                f"Search of {parameters['Resource']} is not implemented here; FeatureGroup is. "
                "The List operations show the others."
            )
        groups = [
            group
            for group in self._store.in_statuses(Kind.FEATURE_GROUP, STATUSES)
            if group.key.owner == call.owner
        ]
        expression = parameters.get("SearchExpression", {})
        found = [group for group in groups if matches(expression, self._document(group))]
        name = parameters.get("SortBy", "LastModifiedTime")
        found.sort(
            key=lambda group: str(_sortable(self._document(group), name)),
            reverse=parameters.get("SortOrder", "Descending") == "Descending",
        )
        return self._page(call, found)

    def _page(self, call: Call, found: list[Resource]) -> Document:
        begin = read_token(call.operation, call.parameters)
        start = begin.sequence if begin else 0
        limit = call.parameters.get("MaxResults", DEFAULT_PAGE)
        after = Position(0, start + limit) if start + limit < len(found) else None
        return without_empty(
            {
                "Results": [
                    {"FeatureGroup": self._document(group)} for group in found[start : start + limit]
                ],
                "NextToken": write_token(call.operation, call.parameters, after),
                "TotalHits": {"Value": len(found), "Relation": "EqualTo"},
            }
        )

    def _document(self, group: Resource) -> Document:
        tags = self._store.tags(group.arn)
        return without_empty({**group.document, "Tags": tags or None})


def matches(expression: Document, document: Document) -> bool:
    """Whether a document is what an expression asks for: all of its parts, or any with Or."""
    if "NestedFilters" in expression:
        raise NotServedHere("Search with NestedFilters is not implemented here; use Filters.")
    parts = [_holds(each, document) for each in expression.get("Filters", ())]
    parts += [matches(each, document) for each in expression.get("SubExpressions", ())]
    if not parts:
        return True
    return any(parts) if expression.get("Operator") == "Or" else all(parts)


def _holds(condition: Document, document: Document) -> bool:
    values = list(values_of(document, condition["Name"]))
    comparison, wanted = condition.get("Operator", "Equals"), condition.get("Value")
    if comparison in ("Exists", "NotExists"):
        return bool(values) is bool(comparison == "Exists")
    if wanted is None:
        raise ValidationException(f"The filter on {condition['Name']} needs a Value for {comparison}.")
    if comparison == "NotEquals":
        return wanted not in map(_text, values)
    return any(_compares(comparison, value, wanted) for value in values)


def _compares(comparison: str, value: object, wanted: str) -> bool:
    if comparison == "Equals":
        return _text(value) == wanted
    if comparison == "In":
        return _text(value) in [each.strip() for each in wanted.split(",")]
    if comparison == "Contains":
        return wanted in _text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return bool(ORDERS[comparison](value, float(wanted)))
        except ValueError:
            raise ValidationException(f"'{wanted}' is no number; {comparison} compares with one.") from None
    return bool(ORDERS[comparison](_text(value), wanted))


def values_of(document: object, path: str) -> Iterator[object]:
    """What a dotted path leads to: of lists all items, of tags the value of a key (Tags.team)."""
    if isinstance(document, list):
        for item in document:
            if isinstance(item, dict) and item.get("Key") == path:
                yield item["Value"]
            elif isinstance(item, dict):
                yield from values_of(item, path)
        return
    head, _, rest = path.partition(".")
    if not isinstance(document, dict) or head not in document:
        return
    if rest:
        yield from values_of(document[head], rest)
    else:
        yield document[head]


def _sortable(document: Document, path: str) -> object:
    value = next(values_of(document, path), "")
    return f"{value:020.6f}" if isinstance(value, int | float) else value


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
