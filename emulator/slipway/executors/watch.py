"""The containers of one job while they run: their lines, their ends, and what makes us end them."""

import logging
import threading
from collections.abc import Callable, Sequence

from slipway.containers.engine import ContainerGoneError, ContainerState, Engine, EngineAwayError

log = logging.getLogger(__name__)

# How often an engine that is away is asked again.
ENGINE_POLL_SECONDS = 0.5
# Docker closes a container's log shortly before it says that the container has ended.
END_LOOK_SECONDS = 0.01
END_LOOKS = 100

OnLine = Callable[[str, float, str], None]


class Follower:
    """Follows one container in a thread of its own, to its end.

    `final` is how it ended; it stays None where the container was removed by
    somebody, and `was_cut` says that it ended while the engine was away.
    """

    def __init__(
        self, engine: Engine, host: str, container_id: str, on_line: OnLine, bell: threading.Event
    ) -> None:
        self.host = host
        self.container_id = container_id
        self.final: ContainerState | None = None
        self.was_cut = False
        self._engine = engine
        self._on_line = on_line
        self._bell = bell
        self._has_ended = False
        self._seen: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"follow-{host}", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the container's end is still to come."""
        return not self._has_ended

    @property
    def has_failed(self) -> bool:
        """Whether the container ended with a failure of its own."""
        return not self.is_running and self.final is not None and self.final.exit_code != 0

    def _run(self) -> None:
        try:
            self._follow()
        except Exception:
            # The outermost function of this thread; without its end the container counts as gone.
            log.exception("follower.failed container=%s", self.container_id)
        finally:
            self._has_ended = True
            self._bell.set()

    def _follow(self) -> None:
        while True:
            try:
                self._read_lines()
                if self._is_final():
                    return
            except ContainerGoneError:
                return
            except EngineAwayError:
                log.warning("follower.engine_away container=%s", self.container_id)
                if not self._outlived_the_engine():
                    self.was_cut = True
                    return

    def _read_lines(self) -> None:
        seen = self._seen
        for moment, line in self._engine.log_lines(self.container_id, seen):
            if seen is not None and moment <= seen:
                continue
            self._seen = moment
            self._on_line(self.host, moment, line)

    def _is_final(self) -> bool:
        """Whether the container has ended, as it has a moment after its log; else the log broke off."""
        for _ in range(END_LOOKS):
            state = self._engine.state(self.container_id)
            if state.exit_code is not None:
                self.final = state
                return True
            threading.Event().wait(END_LOOK_SECONDS)
        return False

    def _outlived_the_engine(self) -> bool:
        """Whether the container runs once the engine is back; live-restore lets it."""
        while True:
            try:
                return self._engine.state(self.container_id).is_running
            except ContainerGoneError:
                return False
            except EngineAwayError:
                threading.Event().wait(ENGINE_POLL_SECONDS)


class Ending:
    """Ends containers, each in a thread of its own: SIGTERM, and SIGKILL once the grace is over."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._begun: set[str] = set()

    def begin(self, followers: Sequence[Follower], grace_seconds: int) -> None:
        """Begin to end those that run and have not been told yet."""
        for follower in followers:
            if follower.is_running and follower.container_id not in self._begun:
                self._begun.add(follower.container_id)
                threading.Thread(
                    target=self._end, args=(follower.container_id, grace_seconds), name="end", daemon=True
                ).start()

    def _end(self, container_id: str, grace_seconds: int) -> None:
        try:
            self._engine.stop(container_id, grace_seconds)
        except EngineAwayError:
            # Its follower sees the same, and knows what it means.
            log.warning("ending.engine_away container=%s", container_id)
