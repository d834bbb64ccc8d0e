"""A change of a resource as EventBridge tells it (developer guide, "Automating ... with EventBridge")."""

from slipway.resources.resource import Resource
from slipway.store.store import Event


def event_of(before: Resource | None, after: Resource) -> Event | None:
    """The event that a change owes; None where AWS tells nothing of it."""
    del before, after
    return None
