"""A thread that brings things to another service, and keeps them while that one is away."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
SERVER_ERROR = 500

log = logging.getLogger(__name__)


class AwayError(Exception):
    """The service does not answer, or not sensibly: it is to be asked again."""


class RefusedError(Exception):
    """The service does not want this, and would not want it the next time."""


@contextmanager
def asking() -> Iterator[None]:
    """A call through botocore, whose failures become AwayError or RefusedError."""
    try:
        yield
    except ParamValidationError as error:
        raise RefusedError(str(error)) from error
    except BotoCoreError as error:
        raise AwayError(str(error)) from error
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= SERVER_ERROR:
            raise AwayError(str(error)) from error
        raise RefusedError(str(error)) from error


class Courier:
    """Delivers for ever: waits for something to bring, brings it, and waits longer where it cannot.

    `deliver` brings what there is and raises AwayError where nobody takes it;
    `wait` returns once there may be more, or once the event it is given is set.
    """

    def __init__(
        self, name: str, deliver: Callable[[], None], wait: Callable[[threading.Event], None]
    ) -> None:
        self._name = name
        self._deliver = deliver
        self._wait = wait
        self._closing = threading.Event()
        self._away = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_away(self) -> bool:
        """Whether the service did not take the last delivery."""
        return self._away.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_close(self) -> None:
        """Have it stop after the delivery that is under way."""
        self._closing.set()

    def join(self) -> None:
        """Return once it has stopped; a service that does not answer is not waited for to the end."""
        self._thread.join(LONGEST_PAUSE_SECONDS)

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._closing.is_set():
            reason = self._attempt()
            if reason is None:
                pause = FIRST_PAUSE_SECONDS
                self._wait(self._closing)
                continue
            self._closing.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _attempt(self) -> str | None:
        """Deliver once; returns why it could not be, and says so once in the log."""
        try:
            self._deliver()
        except AwayError as error:
            reason = str(error)
        except Exception as error:
            # The outermost function of this thread, without which nothing would ever be brought again.
            log.exception("%s.failed", self._name)
            reason = f"{type(error).__name__}: {error}"
        else:
            if self._away.is_set():
                self._away.clear()
                log.info("%s.back", self._name)
            return None
        if not self._away.is_set():
            self._away.set()
            log.warning("%s.away reason=%s", self._name, reason)
        return reason
