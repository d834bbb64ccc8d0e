"""Feast's feature server and Redis with the same records, each a process of the benchmark's own."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peer_environment import peer_python
from benchmarks.plain_http import PlainConnection
from orchestration.local_mode import free_port
from scripts.commands import SetupError

FEAST_VERSION = "0.67.0"
START_SECONDS = 60
POLL_SECONDS = 0.05
# Runs in Feast's own environment: an entity, a view of Float32 columns, and their rows online.
FILL_FEAST = """
import sys
from datetime import datetime, timedelta, timezone
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64

records, columns = int(sys.argv[1]), int(sys.argv[2])
moment = datetime.now(timezone.utc)
rows = range(records)
frame = pd.DataFrame({f"c{n}": [(row * 31 + n) % 97 * 0.1234567 for row in rows] for n in range(columns)})
frame["id"] = [f"id{row}" for row in range(records)]
frame["at"] = moment
frame.to_parquet("rows.parquet")
entity = Entity(name="id", join_keys=["id"], value_type=ValueType.STRING)
view = FeatureView(
    name="rows",
    entities=[entity],
    ttl=timedelta(days=365),
    schema=[Field(name=f"c{n}", dtype=Float64) for n in range(columns)],
    source=FileSource(path="rows.parquet", timestamp_field="at"),
)
store = FeatureStore(repo_path=".")
store.apply([entity, view])
store.write_to_online_store("rows", frame)
"""
FEAST_REPOSITORY = """
project: bench
registry: registry.db
provider: local
online_store:
  type: sqlite
  path: online.db
entity_key_serialization_version: 3
"""


def redis_server() -> str:
    """The program. Raises SetupError where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        raise SetupError(
            "no redis-server to compare with; on Debian and Ubuntu: apt-get install redis-server"
        )
    return program


def feast_environment() -> Path:
    """Feast's Python, made where it is not there yet. Raises SetupError with pip's last lines."""
    return peer_python("feast", (f"feast=={FEAST_VERSION}",))


@contextmanager
def running_redis(program: str, folder: Path) -> Iterator[int]:
    """A Redis that keeps nothing on disk; its port."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with _running([program, *options], folder, port):
        yield port


@contextmanager
def running_feast(python: Path, folder: Path, records: int, columns: int) -> Iterator[int]:
    """A feature server of SQLite with the records in it; its port."""
    (folder / "feature_store.yaml").write_text(FEAST_REPOSITORY, "utf-8")
    filled = subprocess.run(
        [str(python), "-c", FILL_FEAST, str(records), str(columns)],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        env=_environment(),
    )
    if filled.returncode != 0:
        raise SetupError(f"Feast took no records:\n{filled.stderr[-800:]}")
    port = free_port()
    serve = [str(python.parent / "feast"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with _running(serve, folder, port):
        yield port


def _environment() -> dict[str, str]:
    return {**os.environ, "FEAST_USAGE": "False", "PYTHONWARNINGS": "ignore"}


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env=_environment()
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SetupError(f"{command[0]} does not listen:\n{log.read_text('utf-8')[-800:]}")
            threading.Event().wait(POLL_SECONDS)
        yield
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Redis:
    """As much of Redis' protocol as a GET and a SET need."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")

    def set(self, key: str, value: bytes) -> None:
        """Keep a value."""
        self._send(b"SET", key.encode(), value)
        self._stream.readline()

    def get(self, key: str) -> bytes:
        """A value that is there."""
        self._send(b"GET", key.encode())
        size = int(self._stream.readline()[1:])
        return self._stream.read(size + 2)[:-2]

    def _send(self, *words: bytes) -> None:
        parts = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
        self._socket.sendall(b"*%d\r\n%b" % (len(words), parts))


class Feast:
    """A kept-alive connection to a feature server."""

    def __init__(self, port: int, columns: int) -> None:
        self._connection = PlainConnection("127.0.0.1", port)
        self._features = [f"rows:c{number}" for number in range(columns)]

    def get(self, identifier: str) -> bytes:
        """The features of an entity."""
        body = json.dumps({"features": self._features, "entities": {"id": [identifier]}}).encode()
        headers = {"Content-Type": "application/json"}
        # It hangs up soon, while the others have their turn; the connection is then a new one.
        status, content = self._connection.ask("POST", "/get-online-features", headers, body)
        if status != 200:
            raise SetupError(f"Feast answers {status}: {content[:200]!r}")
        return content
