"""The RetryPolicies of a step, read and checked (developer guide, "Retry Policy for Pipeline Steps")."""

from slipway.pipelines.members import Members, refuse, shown
from slipway.pipelines.parts import RetryPolicy
from slipway.pipelines.retries import DEFAULT_ATTEMPTS, ExceptionType

MOST_INTERVAL_SECONDS = 43200
MOST_ATTEMPTS = 20
MOST_MINUTES = 14400
# The guide names no upper bound for BackoffRate.
MOST_BACKOFF = 1e6


def read_policies(members: Members) -> tuple[RetryPolicy, ...]:
    """The policies in their order. Raises DefinitionError."""
    return tuple(
        _read(Members(f"{members.place}: RetryPolicies[{number}]", document))
        for number, document in enumerate(members.items("RetryPolicies"))
    )


def _read(members: Members) -> RetryPolicy:
    members.allow("ExceptionType", "IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin")
    if not members.absent("MaxAttempts") and not members.absent("ExpireAfterMin"):
        refuse(f"{members.place} has MaxAttempts and ExpireAfterMin; it takes one of them")
    expires = not members.absent("ExpireAfterMin")
    return RetryPolicy(
        exception_types=_exception_types(members),
        interval_seconds=members.number("IntervalSeconds", 0, MOST_INTERVAL_SECONDS, 1.0),
        backoff_rate=members.number("BackoffRate", 0, MOST_BACKOFF, 2.0),
        max_attempts=None if expires else members.whole("MaxAttempts", 1, MOST_ATTEMPTS, DEFAULT_ATTEMPTS),
        expire_after_minutes=members.number("ExpireAfterMin", 0, MOST_MINUTES) if expires else None,
    )


def _exception_types(members: Members) -> frozenset[str]:
    value = members.required("ExceptionType")
    names = [value] if isinstance(value, str) else value
    known = ", ".join(ExceptionType)
    if not isinstance(names, list) or not names:
        refuse(f"{members.place}: ExceptionType is a list of {known}, not {shown(value)}")
    for name in names:
        if not isinstance(name, str) or name not in list(ExceptionType):
            refuse(f"{members.place}: ExceptionType is of {known}, not {shown(name)}")
    return frozenset(names)
