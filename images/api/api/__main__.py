"""The commands of this image: `serve`, `key`, and `health` for its own check."""

import gc
import http.client
import json
import logging
import os
import signal
import sys
import time
from functools import partial
from types import FrameType
from typing import NoReturn

from api.errors import SettingsError

log = logging.getLogger(__name__)

USAGE = """usage: api [COMMAND]

  serve          answer requests (the default)
  key CLIENT     make an API key for CLIENT: the key, and the entry for the document of keys
  health         exit code 0 while the server of this container lives
"""
# docker stop waits 10 s before it kills.
DRAIN_SECONDS = 8
# A load balancer of AWS's keeps an idle connection for 60 s by default and sends on it without asking:
# who closes it sooner loses requests. uvicorn's own 5 s would.
KEEP_ALIVE_SECONDS = 75


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return the exit code."""
    try:
        match arguments:
            case [] | ["serve"]:
                return serve()
            case ["key", client]:
                return make_key(client)
            case ["health"]:
                return health()
    except SettingsError as error:
        print(f"api: {error}", file=sys.stderr)
        return 1
    print(USAGE, file=sys.stderr, end="")
    return 2


def serve() -> int:
    """Answer until SIGTERM; requests under way are answered first. Raises SettingsError."""
    # Before the imports, which take a part of a second: as PID 1 a process without a handler ignores it.
    signal.signal(signal.SIGTERM, _leave)
    import uvloop

    configure_logging()
    exit_code: int = uvloop.run(_serve())
    return exit_code


async def _serve() -> int:
    import uvicorn

    from api.app import create_app
    from api.connection import Connection
    from api.service import Service
    from api.settings import Settings

    settings = Settings.from_environ(os.environ)
    service = Service(settings, os.environ)
    try:
        await service.open()
        config = uvicorn.Config(
            create_app(service),
            host=settings.host,
            port=settings.port,
            http=partial(Connection, request_seconds=settings.request_seconds),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        server = uvicorn.Server(config)
        log.info("server.starting port=%d projects=%s", settings.port, ",".join(service.projects))
        # What is here by now stays. A look at it takes the collector 15 ms (measured), in which nothing is
        # answered, and finds nothing.
        gc.freeze()
        await server.serve()
        return 0 if server.started else 1
    finally:
        await service.close()


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """End with 0: before the server runs nothing is under way, and after it has drained nothing is left.

    While it runs the server has handlers of its own; it raises the signal again at its end.
    """
    raise SystemExit(0)


def make_key(client: str) -> int:
    """Print a new key and its entry. Raises SettingsError for a client that has no legal name."""
    from pydantic import ValidationError

    from api.keys import new_key

    try:
        secret, key = new_key(client)
    except ValidationError:
        raise SettingsError("a client's name has 1 to 64 letters, digits and . _ -") from None
    print(secret)
    print(json.dumps(key.model_dump(exclude_none=True)))
    return 0


def health() -> int:
    """0 where /health/live says 200."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("API_PORT", "8000")), timeout=4)
    try:
        connection.request("GET", "/health/live")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


def configure_logging() -> None:
    """Log lines to stdout, each with its time in UTC and its level."""
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    # No line tells them, so no record has to find them out ("Optimization" in logging's own guide).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # It tells where credentials were found.
    logging.getLogger("botocore").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
