"""Peers of serving as processes: installed where they are not yet, started, and ended."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving_peers import ENVIRONMENTS, Peer
from orchestration.local_mode import free_port
from scripts.commands import SetupError, capture

# A core for the load, and one for the server that is asked: what either does is not the other's
# delay, and all servers have the same. The libraries see one core and start one thread.
CORES = sorted(os.sched_getaffinity(0))
LOAD_CORE, SERVER_CORE = CORES[0], CORES[-1]
START_SECONDS = 90
END_SECONDS = 5
POLL_SECONDS = 0.01


def installed(peer: Peer) -> str:
    """The peer's versions; it is installed where it is not yet. Raises SetupError with pip's last lines."""
    names = ", ".join(repr(name) for name in peer.versions_of)
    told = (
        f"from importlib.metadata import version; print(', '.join(n + ' ' + version(n) for n in ({names},)))"
    )
    found = capture([str(peer.python), "-c", told])
    if found.returncode != 0:
        _install(peer)
        found = capture([str(peer.python), "-c", told])
    if found.returncode != 0:
        raise SetupError(f"{peer.title} is not there to compare with:\n{found.stderr[-800:]}")
    return found.stdout.strip()


def _install(peer: Peer) -> None:
    folder = ENVIRONMENTS / peer.name
    shutil.rmtree(folder, ignore_errors=True)
    pip = [str(folder / "bin" / "pip"), "install", "-q"]
    commands = [[sys.executable, "-m", "venv", str(folder)], [*pip, *peer.requirements]]
    if peer.alone:
        commands.append([*pip, "--no-deps", "--no-build-isolation", *peer.alone])
    for command in commands:
        made = capture(command, 1200)
        if made.returncode != 0:
            raise SetupError(
                f"{peer.title} cannot be installed to compare with; it needs Python 3.11 and a C compiler, "
                f"and {sys.version.split()[0]} was used:\n{made.stderr[-800:]}"
            )
    # The container's own Dockerfile mends this too: the name went with Python 3.10.
    for file in folder.glob("lib/*/site-packages/sagemaker_containers/_mapping.py"):
        text = file.read_text("utf-8").replace("collections.Mapping", "collections.abc.Mapping")
        file.write_text(re.sub("^import collections$", "import collections.abc", text, flags=re.M), "utf-8")


@dataclass(frozen=True, slots=True)
class Running:
    """A peer that answers; `seconds` from its start to that."""

    port: int
    process: int
    seconds: float


@contextmanager
def running(peer: Peer, folder: Path, model: Path) -> Iterator[Running]:
    """A peer with the model of that file; raises SetupError with its log where it does not start."""
    folder.mkdir()
    port = free_port()
    command, variables = peer.prepare(peer.python, folder, model, port)
    path = f"{peer.python.parent}{os.pathsep}{os.environ['PATH']}"
    log = folder / "server.log"
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(SERVER_CORE), *command],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": path, **variables},
            start_new_session=True,
        )
    try:
        while not answers(f"http://127.0.0.1:{port}{peer.ping}"):
            if process.poll() is not None or time.perf_counter() - started > START_SECONDS:
                raise SetupError(f"{peer.title} does not start:\n{log.read_text('utf-8')[-1500:]}")
            threading.Event().wait(POLL_SECONDS)
        yield Running(port, process.pid, time.perf_counter() - started)
    finally:
        # With all that it has started.
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)


def answers(url: str) -> bool:
    """Whether there is a 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
