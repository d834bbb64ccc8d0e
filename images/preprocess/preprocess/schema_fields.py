"""The members of schema.json, taken one by one; whatever is wrong is named by its key."""

import json
import sys
from collections.abc import Iterable

from smcontract.failure import ContractError


def fields_of(
    value: object, where: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, object]:
    """A JSON object's members. Raises ContractError for what is no object, lacks a key or has another."""
    if not isinstance(value, dict):
        raise schema_error(where, f"must be a JSON object, not {json.dumps(value)[:60]}")
    prefix = f"{where}." if where else ""
    for key in value:
        if key not in required + optional:
            known = ", ".join(required + optional)
            raise schema_error(f"{prefix}{key}", f"is not a known key; known here: {known}")
    for key in required:
        if key not in value:
            raise schema_error(f"{prefix}{key}", "is missing")
    return value


def items_of(value: object, where: str) -> list[object]:
    """A list with something in it. Raises ContractError."""
    if not isinstance(value, list) or not value:
        raise schema_error(where, "must be a list with at least one item")
    return value


def text_of(value: object, where: str) -> str:
    """A text that is not empty. Raises ContractError."""
    if not isinstance(value, str) or not value:
        raise schema_error(where, f"must be a text that is not empty, not {json.dumps(value)[:60]}")
    return value


def flag_of(value: object, where: str) -> bool:
    """True or false. Raises ContractError."""
    if not isinstance(value, bool):
        raise schema_error(where, f"must be true or false, not {json.dumps(value)[:60]}")
    return value


def bound_of(value: object, where: str) -> int | float | None:
    """A number, or None. Raises ContractError."""
    if value is None:
        return None
    # JSON's true is an int to Python; its NaN and Infinity are floats and fail the comparison.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return value
    raise schema_error(where, f"must be a number or null, not {json.dumps(value)[:60]}")


def check_unique(names: Iterable[str], what: str) -> None:
    """Raise ContractError where a name occurs twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ContractError(f"schema.json: '{name}' occurs twice among {what}; give each its own.")
        seen.add(name)


def schema_error(where: str, problem: str) -> ContractError:
    """What is wrong with the key `where`, to be raised."""
    return ContractError(f"schema.json: {where or 'the document'} {problem}.")
