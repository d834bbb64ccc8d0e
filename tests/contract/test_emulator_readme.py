"""What the emulator's README says is so."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest
from slipway import settings as settings_module
from slipway.settings import Settings

from scripts.commands import ROOT
from tests.support.containers import LABELS, wait_until
from tests.support.emulator import Emulator

README = (ROOT / "emulator" / "README.md").read_text(encoding="utf-8")
SETTINGS = Path(settings_module.__file__).read_text(encoding="utf-8")
LISTENING = """
for file in ("/proc/net/tcp", "/proc/net/tcp6"):
    for line in open(file).readlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        # Docker's own name server listens on 127.0.0.11.
        if state == "0A" and not address.startswith("0B00007F"):  # TCP_LISTEN (Linux, tcp_states.h)
            print(int(address.split(":")[1], 16))
"""


def rows(*head: str) -> list[list[str]]:
    """The cells of the table with this head, without the head."""
    first = re.escape(" | ".join(head))
    table = re.search(rf"^\| {first} \|\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table is not None, head
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


VARIABLES = rows("variable", "default", "meaning")
DEFAULTS = {name: default for names, default, _ in VARIABLES for name in re.findall(r"`(\w+)`", names)}


def test_every_variable_that_is_read_is_documented_and_no_other() -> None:
    read = set(re.findall(r'"((?:AWS|SLIPWAY)_\w+)"', SETTINGS))

    assert set(DEFAULTS) == read


def test_documented_defaults_are_the_programs() -> None:
    defaults = {
        f"SLIPWAY_{field.name.upper()}": str(field.default)
        for field in dataclasses.fields(Settings)
        if f"SLIPWAY_{field.name.upper()}" in DEFAULTS
    }
    words = {"False": "0", "None": "–"}

    told = {name: DEFAULTS[name] for name in defaults}

    assert len(defaults) > 8
    # Where there is none of its own, it is another variable's.
    del told["SLIPWAY_CONTAINER_ENDPOINT_URL"], defaults["SLIPWAY_CONTAINER_ENDPOINT_URL"]
    assert told == {name: words.get(value, value) for name, value in defaults.items()}


def test_it_listens_on_the_documented_port_alone(emulator: Emulator) -> None:
    said = emulator.container.exec_run(["python", "-c", LISTENING])[1].decode()

    assert re.search(r"listens on port 4500, and on nothing else", README)
    assert set(said.split()) == {"4500"}


@pytest.mark.parametrize(("page", "answer"), rows("page", "answer"))
def test_a_documented_page_answers(emulator: Emulator, page: str, answer: str) -> None:
    method, path = page.strip("`").split()
    expected = "403" if "unless" in answer else "200"
    ask = (
        "import sys, http.client as h; c = h.HTTPConnection('127.0.0.1', 4500); "
        "c.request(*sys.argv[1:]); print(c.getresponse().status)"
    )

    said = emulator.container.exec_run(["python", "-c", ask, method, path])[1].decode()

    assert said.strip() == expected


def test_the_python_is_the_images(emulator: Emulator) -> None:
    said = emulator.container.exec_run(["python", "--version"])[1].decode()
    told = re.search(r"Python ([\d.]+)\.", README)

    assert told is not None
    assert said.startswith(f"Python {told[1]}.")


@pytest.fixture
def started_as_written(emulator_image: str) -> Iterator[Any]:
    """The container that the README's commands start, under names and on a port of the test's own."""
    (block,) = re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    start, _, stop = block.rpartition("docker stop")
    assert stop
    name = f"slipway-readme-{uuid4().hex[:8]}"
    # Where the names are its defaults, the program need not be told them.
    names = f"--env SLIPWAY_JOB_NETWORK={name} --env SLIPWAY_JOBS_VOLUME={name}-jobs"
    for written, here in (
        ("slipway-jobs", f"{name}-jobs"),
        ("slipway-state", f"{name}-state"),
        ("--network slipway", f"{names} --network {name}"),
        ("127.0.0.1:4500:4500", "127.0.0.1::4500"),
    ):
        assert written in start
        start = start.replace(written, here)
    with closing(docker.from_env()) as engine:
        engine.networks.create(name, labels=LABELS)
        try:
            yield engine.containers.get(shell(start + 'echo "$EMULATOR"').split()[-1])
        finally:
            for container in engine.containers.list(all=True, filters={"volume": f"{name}-state"}):
                container.remove(force=True, v=True)
            for volume in engine.volumes.list(filters={"name": name}):
                volume.remove()
            engine.networks.get(name).remove()


def shell(script: str) -> str:
    """What a script that succeeds prints."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-euc", script],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_commands_start_it_alone_and_a_stop_ends_it_well(
    started_as_written: Any, emulator_image: str
) -> None:
    def healthy() -> bool | None:
        started_as_written.reload()
        assert started_as_written.status in ("created", "running"), started_as_written.logs().decode()
        return True if started_as_written.attrs["State"]["Health"]["Status"] == "healthy" else None

    wait_until(healthy, "the emulator to be healthy")
    assert emulator_image in json.dumps(started_as_written.attrs["Config"])
    started_as_written.stop()

    assert started_as_written.wait()["StatusCode"] == 0
