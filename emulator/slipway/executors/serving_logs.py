"""What the containers of endpoints say, followed as long as they run."""

import hashlib
import logging
import threading
from collections.abc import Callable

from slipway.clock import Clock
from slipway.containers.engine import ContainerGoneError, Engine, EngineError
from slipway.executors.places import Place
from slipway.resources.deployment import Variant
from slipway.resources.resource import Resource

log = logging.getLogger(__name__)

# Endpoint, stream, seconds since 1970, text.
OnLine = Callable[[Resource, str, float, str], None]


class ServingLogs:
    """Hands every line on, once, from containers that this process has started or found running.

    What a container says while this process is away is in Docker's log alone.
    """

    def __init__(self, engine: Engine, real_clock: Clock, on_line: OnLine) -> None:
        self._engine = engine
        self._on_line = on_line
        # Docker stamps lines by the machine's clock.
        self._began_at = real_clock.now()
        # The last line of each container that was handed on, and who is followed now.
        self._seen: dict[str, float] = {}
        self._followed: set[str] = set()
        self._lock = threading.Lock()

    def follow(self, endpoint: Resource, variant: Variant, place: Place, container_id: str) -> None:
        """Follow a container that runs; one that is followed already stays so."""
        with self._lock:
            if container_id in self._followed:
                return
            self._followed.add(container_id)
        stream = stream_name(endpoint, variant, place)
        threading.Thread(
            target=self._run, args=(endpoint, stream, container_id), name="serving-log", daemon=True
        ).start()

    def _run(self, endpoint: Resource, stream: str, container_id: str) -> None:
        seen = self._seen.get(container_id, self._began_at)
        try:
            for moment, text in self._engine.log_lines(container_id, seen):
                if moment > seen:
                    seen = moment
                    self._on_line(endpoint, stream, moment, text)
        except ContainerGoneError:
            pass
        except EngineError as error:
            log.warning("serving_logs.broken container=%s error=%s", container_id, error)
        finally:
            with self._lock:
                self._followed.discard(container_id)
                self._seen[container_id] = seen


def stream_name(endpoint: Resource, variant: Variant, place: Place) -> str:
    """<variant>/<instance id>, and the container's name where there are several.

    Developer guide, "Log Amazon SageMaker events with Amazon CloudWatch".
    """
    identity = f"{endpoint.arn} {endpoint.created_at} {place.instance_place}"
    instance_id = f"i-{hashlib.sha256(identity.encode()).hexdigest()[:17]}"
    containers = variant.containers
    name = f"/{containers[place.container].name}" if len(containers) > 1 else ""
    return f"{variant.name}/{instance_id}{name}"
