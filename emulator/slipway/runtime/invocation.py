"""InvokeEndpoint: an instance is chosen, its containers answer, the caller gets what they said."""

import logging
import random
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from slipway.clock import Clock
from slipway.errors import ModelError, RuntimeValidationError, ServiceUnavailable
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Owner
from slipway.runtime.asking import ask, begin
from slipway.runtime.capture_journal import CaptureJournal
from slipway.runtime.connections import ContainerAnswer, ContainerRefusedError, OpenAnswer
from slipway.runtime.data_capture import Exchange, is_wanted, line
from slipway.runtime.fleet import Fleet, Instance, NothingServesError, Taken
from slipway.runtime.streaming import events

log = logging.getLogger(__name__)

# Developer guide, "Use Your Own Inference Code with Hosting Services": 60 seconds to answer.
ANSWER_SECONDS = 60.0
# The service's model caps Body.
LARGEST_BODY = 6_291_456
# After a start of this process an endpoint in service is looked up before it is given up.
RETURN_SECONDS = 30.0
CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"


# Owner, endpoint, variant, the model's status, its microseconds, and ours.
OnInvocation = Callable[[Owner, str, str, int, float, float], None]


def nobody(*_invocation: object) -> None:
    """Tells nobody of an invocation."""


class Invocation:
    """Answers for every endpoint that serves."""

    def __init__(
        self,
        fleet: Fleet,
        journal: CaptureJournal,
        clock: Clock,
        is_serving: Callable[[Key], bool],
        on_invocation: OnInvocation = nobody,
        draw: Callable[[], float] = random.random,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._fleet = fleet
        self._journal = journal
        self._clock = clock
        self._is_serving = is_serving
        self._on_invocation = on_invocation
        self._draw = draw
        self._answer_seconds = answer_seconds

    def invoke(self, owner: Owner, parameters: Document) -> Document:
        """The answer of an endpoint.

        Raises RuntimeValidationError, ModelError, ServiceUnavailable.
        """
        began = time.perf_counter()
        key = Key(owner, Kind.ENDPOINT, parameters["EndpointName"])
        body = _checked_body(key, parameters)
        self._require(key)
        started_at = self._clock.now()
        timed = _Timed()
        try:
            taken, answer = self._answered(key, parameters, body, timed)
            self._capture(key, taken, parameters, body, answer, started_at)
        finally:
            self._tell(key, timed, time.perf_counter() - began)
        return without_empty(
            {
                "Body": answer.body,
                "ContentType": answer.headers.get("content-type"),
                "InvokedProductionVariant": taken.variant.name,
                "CustomAttributes": answer.headers.get(CUSTOM_ATTRIBUTES),
            }
        )

    def stream(self, owner: Owner, parameters: Document) -> Document:
        """The answer of an endpoint whose Body is events, made while the model speaks; it is not captured.

        Raises as `invoke` does, for what goes wrong before the first part.
        """
        began = time.perf_counter()
        key = Key(owner, Kind.ENDPOINT, parameters["EndpointName"])
        body = _checked_body(key, parameters)
        self._require(key)
        timed = _Timed()
        # Holds the instance until the last part, so that a change of the endpoint waits for it.
        held = ExitStack()

        def done() -> None:
            held.close()
            self._tell(key, timed, time.perf_counter() - began)

        try:
            taken, answer = self._opened(key, parameters, body, timed, held)
        except BaseException as error:
            timed.note(error)
            done()
            raise
        return without_empty(
            {
                "Body": events(answer, done),
                "ContentType": answer.headers.get("content-type"),
                "InvokedProductionVariant": taken.variant.name,
                "CustomAttributes": answer.headers.get(CUSTOM_ATTRIBUTES),
            }
        )

    def _opened(
        self, key: Key, parameters: Document, body: bytes, timed: "_Timed", held: ExitStack
    ) -> tuple[Taken, OpenAnswer]:
        refused: set[Instance] = set()
        while True:
            try:
                taken = held.enter_context(self._fleet.taken(key, parameters.get("TargetVariant"), refused))
                timed.variant_name = taken.variant.name
                held.enter_context(timed)
                answer = begin(key, taken, parameters, body, self._answer_seconds)
                timed.status = answer.status
                return taken, answer
            except NothingServesError:
                raise _not_found(key) from None
            except ContainerRefusedError as error:
                log.debug("invocation.refused endpoint=%s error=%s", key.name, error)
                held.close()
                refused.add(taken.instance)

    def _tell(self, key: Key, timed: "_Timed", seconds: float) -> None:
        """Count what a variant was asked; requests that reached none are the caller's alone."""
        if timed.variant_name is not None:
            self._on_invocation(
                key.owner,
                key.name,
                timed.variant_name,
                timed.status,
                timed.model_seconds * 1e6,
                (seconds - timed.model_seconds) * 1e6,
            )

    def _require(self, key: Key) -> None:
        if self._fleet.served(key) is not None:
            return
        if not self._is_serving(key):
            raise _not_found(key)
        if not self._fleet.wait_for(key, RETURN_SECONDS):
            raise ServiceUnavailable(f"Endpoint {key.name} is not back yet after a restart; try again.")

    def _answered(
        self, key: Key, parameters: Document, body: bytes, timed: "_Timed"
    ) -> tuple[Taken, ContainerAnswer]:
        """An instance's answer; one that takes no connection has not seen the request, so another may."""
        refused: set[Instance] = set()
        while True:
            try:
                with self._fleet.taken(key, parameters.get("TargetVariant"), refused) as taken:
                    timed.variant_name = taken.variant.name
                    with timed:
                        answer = ask(key, taken, parameters, body, self._answer_seconds)
                    timed.status = answer.status
                    return taken, answer
            except NothingServesError:
                raise _not_found(key) from None
            except ContainerRefusedError as error:
                log.debug("invocation.refused endpoint=%s error=%s", key.name, error)
                refused.add(taken.instance)

    def _capture(
        self,
        key: Key,
        taken: Taken,
        parameters: Document,
        body: bytes,
        answer: ContainerAnswer,
        started_at: float,
    ) -> None:
        config = taken.data_capture
        if config is None or not is_wanted(config, self._draw()):
            return
        exchange = Exchange(
            event_id=str(uuid.uuid4()),
            time=started_at,
            input_type=parameters.get("ContentType"),
            input=body,
            output_type=answer.headers.get("content-type"),
            output=answer.body,
            inference_id=parameters.get("InferenceId"),
            custom_attributes=parameters.get("CustomAttributes"),
        )
        try:
            captured = line(config, exchange)
            self._journal.append(key, taken.variant.name, config["DestinationS3Uri"], started_at, captured)
        except OSError:
            # The model has answered; a disk that is full must not take that away.
            log.exception("data_capture.lost endpoint=%s event=%s", key.name, exchange.event_id)


@dataclass(slots=True)
class _Timed:
    """Which variant was asked, how long it took, and what status came of it."""

    variant_name: str | None = None
    status: int = 500
    model_seconds: float = 0.0
    _began: float = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        self.model_seconds += time.perf_counter() - self._began
        self.note(error)

    def note(self, error: object) -> None:
        """What a failure of the model says of the status."""
        if isinstance(error, ModelError):
            # What gave no answer counts as the server's failure.
            self.status = int(error.members["OriginalStatusCode"]) or self.status


def _checked_body(key: Key, parameters: Document) -> bytes:
    body: bytes = parameters.get("Body") or b""
    if len(body) > LARGEST_BODY:
        raise RuntimeValidationError(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LARGEST_BODY}"
        )
    if "TargetModel" in parameters:
        raise RuntimeValidationError(
            f"Endpoint {key.name} does not serve several models; leave TargetModel out."
        )
    return body


def _not_found(key: Key) -> RuntimeValidationError:
    return RuntimeValidationError(f"Endpoint {key.name} of account {key.owner.account_id} not found.")
