"""The conditions of a Condition step."""

import operator
from collections.abc import Callable, Iterator, Sequence

from slipway.pipelines.expressions import ExpressionError, Scope, resolve
from slipway.resources.document import Document

Compare = Callable[[object, object], bool]

_ORDER: dict[str, Callable[..., bool]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
# NotEquals, NotIn, Value and In are the published schema's; the SDK writes the others.
_EQUALITY = {"Equals": True, "NotEquals": False}
_MEMBERSHIP = {"In": True, "NotIn": False}
_MEMBERS = {
    **dict.fromkeys((*_ORDER, *_EQUALITY), ("LeftValue", "RightValue")),
    "Not": ("Condition",),
    "Or": ("Conditions",),
}


def all_hold(conditions: Sequence[Document], scope: Scope) -> bool:
    """Whether every condition holds. Raises ExpressionError for values that cannot be compared.

    Numbers are compared with numbers, texts with texts, booleans for equality
    with booleans. What AWS does with a number and a text it does not say: here
    that is an error rather than an outcome.
    """
    return all(_holds(condition, scope) for condition in conditions)


def _holds(condition: Document, scope: Scope) -> bool:
    match condition:
        case {"Type": "Not", "Condition": inner}:
            return not _holds(inner, scope)
        case {"Type": "Or", "Conditions": inner}:
            return any(_holds(one, scope) for one in inner)
        case {"Type": "In" | "NotIn" as name}:
            query, values = _query_and_values(condition)
            found = resolve(query, scope)
            return any(_equal(found, resolve(value, scope)) for value in values) is _MEMBERSHIP[name]
        case {"Type": str(name), "LeftValue": left, "RightValue": right}:
            return _compared(name, resolve(left, scope), resolve(right, scope))
    raise ExpressionError(f"the condition {condition!r:.200} is not known")


def _query_and_values(condition: Document) -> tuple[object, list[object]]:
    if "QueryValue" in condition:
        return condition["QueryValue"], condition["Values"]
    return condition["Value"], condition["In"]


def _compared(name: str, left: object, right: object) -> bool:
    if name in _EQUALITY:
        return _equal(left, right) is _EQUALITY[name]
    if _kind(left) != _kind(right) or _kind(left) == "boolean":
        raise ExpressionError(f"{name} compares numbers or texts, not {_told(left)} with {_told(right)}")
    return _ORDER[name](left, right)


def _equal(left: object, right: object) -> bool:
    if _kind(left) != _kind(right):
        raise ExpressionError(f"{_told(left)} cannot be compared with {_told(right)}; make both of one type")
    return left == right


def _kind(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
    raise ExpressionError(f"a condition compares numbers, texts and booleans, not {value!r:.200}")


def _told(value: object) -> str:
    return f"the {_kind(value)} {value!r:.200}"


def problems(conditions: object) -> Iterator[str]:
    """What is wrong with the form of conditions; references are not looked at."""
    if not isinstance(conditions, list):
        yield f"Conditions are a list, not {conditions!r:.200}"
        return
    if not conditions:
        yield "there are no Conditions; at least one is needed"
    for condition in conditions:
        yield from _problems(condition)


def _problems(condition: object) -> Iterator[str]:
    if not isinstance(condition, dict):
        yield f"a condition is an object, not {condition!r:.200}"
        return
    name = condition.get("Type")
    if not isinstance(name, str) or name not in (*_MEMBERS, *_MEMBERSHIP):
        yield f"a condition's Type is one of {', '.join((*_MEMBERS, *_MEMBERSHIP))}, not {name!r:.200}"
        return
    if name in _MEMBERSHIP:
        yield from _membership_problems(condition)
        return
    yield from _member_problems(condition, _MEMBERS[name])
    if name == "Not" and "Condition" in condition:
        yield from _problems(condition["Condition"])
    if name == "Or" and "Conditions" in condition:
        yield from problems(condition["Conditions"])


def _membership_problems(condition: Document) -> Iterator[str]:
    names = ("Value", "In") if "In" in condition else ("QueryValue", "Values")
    yield from _member_problems(condition, names)
    if not isinstance(condition.get(names[1]), list):
        yield f"{names[1]} of the condition {condition['Type']} is a list"


def _member_problems(condition: Document, names: tuple[str, ...]) -> Iterator[str]:
    if condition.keys() != {"Type", *names}:
        yield f"the condition {condition['Type']} has {' and '.join(names)}, not {_others(condition)}"
    for name in names:
        if name.endswith("Value") and (condition.get(name) is None or isinstance(condition[name], list)):
            yield f"{name} of the condition {condition['Type']} is a number, a text, a boolean or a reference"


def _others(condition: Document) -> str:
    return " and ".join(str(name) for name in condition if name != "Type") or "none"
