"""The outbox, told to EventBridge."""

import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from slipway.aws import AwsClients
from slipway.courier import Courier, RefusedError, asking
from slipway.events.state_change import resources_of
from slipway.store.store import PendingEvent, Store

# PutEvents takes no more (API reference).
ENTRIES_PER_CALL = 10
EVENTS_PER_READING = 100
# How long an event may wait where it came between reading the outbox and waiting for a change.
LOOK_AGAIN_SECONDS = 0.5

log = logging.getLogger(__name__)


class Emitter:
    """Tells every event in the order in which it was recorded, once at the least.

    An event leaves the outbox after EventBridge has taken it, so one that was
    told just before the end of the process is told again after the next start.
    While EventBridge is away the outbox keeps them all. An event that it refuses
    is logged and left out: those behind it must not wait for ever.
    """

    def __init__(self, store: Store, clients: AwsClients) -> None:
        self._store = store
        self._clients = clients
        self._courier = Courier("emitter", self._tell_all, self._wait)

    def start(self) -> None:
        """Begin; what an earlier process left in the outbox comes first."""
        self._courier.start()

    def close(self) -> None:
        """Stop after the call that is under way."""
        self._courier.ask_to_close()
        self._courier.join()

    def _wait(self, _closing: threading.Event) -> None:
        self._store.wait_for_change(LOOK_AGAIN_SECONDS)

    def _tell_all(self) -> None:
        while pending := self._store.pending_events(EVENTS_PER_READING):
            for events in _in_calls(pending):
                self._tell(events)

    def _tell(self, events: Sequence[PendingEvent]) -> None:
        client = self._clients.of("events", events[0].owner)
        try:
            with asking():
                answer = client.put_events(Entries=[self._entry(event) for event in events])
        except RefusedError as error:
            self._tell_one_by_one(events, str(error))
            return
        for event, entry in zip(events, answer["Entries"], strict=True):
            if "ErrorCode" in entry:
                _log_refusal(event, f"{entry['ErrorCode']}: {entry.get('ErrorMessage')}")
        self._store.forget_events([event.id for event in events])

    def _tell_one_by_one(self, events: Sequence[PendingEvent], reason: str) -> None:
        """After a refusal of them all, find the one that is meant."""
        if len(events) > 1:
            for event in events:
                self._tell([event])
            return
        _log_refusal(events[0], reason)
        self._store.forget_events([events[0].id])

    def _entry(self, event: PendingEvent) -> Mapping[str, Any]:
        detail = event.detail
        if "Tags" in detail:
            tags = {tag["Key"]: tag["Value"] for tag in self._store.tags(event.resource_arn)}
            detail = {**detail, "Tags": tags}
        return {
            "Source": event.source,
            "DetailType": event.detail_type,
            "Time": event.time,
            "Resources": resources_of(event.resource_arn, event.detail),
            "Detail": json.dumps(detail),
        }


def _in_calls(pending: Sequence[PendingEvent]) -> Iterator[list[PendingEvent]]:
    """`pending` in its order, cut where the owner changes or a call is full."""
    for _, of_one_owner in groupby(pending, key=lambda event: event.owner):
        while events := list(islice(of_one_owner, ENTRIES_PER_CALL)):
            yield events


def _log_refusal(event: PendingEvent, reason: str) -> None:
    log.error("emitter.refused type=%s arn=%s reason=%s", event.detail_type, event.resource_arn, reason)
