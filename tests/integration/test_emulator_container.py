"""How the emulator's image runs: ready soon, again after a kill, with few rights, gone without a trace."""

import http.client
import json
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import docker
import pytest

from tests.support.containers import LABELS
from tests.support.emulator import Emulator, running_emulator
from tests.support.hygiene import Ours
from tests.support.localstack import LocalStack

# Linux's numbers of CAP_DAC_OVERRIDE and CAP_FOWNER (capability.h).
CAPABILITIES = 1 << 1 | 1 << 3
ASK = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=10).status)"


def asked(emulator: Emulator, method: str, path: str) -> tuple[int, object]:
    """Status and document of one of the emulator's own pages."""
    address = urlsplit(emulator.endpoint_url)
    with closing(http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_it_answers_on_the_published_port(emulator: Emulator) -> None:
    status, document = asked(emulator, "GET", "/_slipway/health")

    assert status == 200
    assert isinstance(document, dict)
    assert document["status"] == "running"


def test_after_a_kill_it_answers_at_the_same_address(emulator_with: Callable[..., Emulator]) -> None:
    emulator = emulator_with()

    emulator.kill()
    with pytest.raises(OSError, match=r".+"):
        asked(emulator, "GET", "/_slipway/health")
    emulator.restart()

    assert asked(emulator, "GET", "/_slipway/health")[0] == 200


def test_emptying_it_is_refused_unless_that_was_allowed(emulator_with: Callable[..., Emulator]) -> None:
    assert asked(emulator_with(), "POST", "/_slipway/reset")[0] == 403
    assert asked(emulator_with(SLIPWAY_ALLOW_RESET="1"), "POST", "/_slipway/reset")[0] == 200


def test_it_has_the_capabilities_that_reading_and_removing_take_and_no_other(emulator: Emulator) -> None:
    status = emulator.container.exec_run(["cat", "/proc/1/status"])[1].decode()
    values = dict(line.split(":\t") for line in status.splitlines())

    assert int(values["CapBnd"], 16) == int(values["CapEff"], 16) == CAPABILITIES
    assert values["NoNewPrivs"] == "1"


def test_localstack_and_the_emulator_reach_each_other_by_name(emulator: Emulator) -> None:
    there = emulator.container.exec_run(["python", "-c", ASK, "http://localstack:4566/_localstack/health"])
    back = emulator.localstack.container.exec_run(
        ["python", "-c", ASK, "http://emulator:4500/_slipway/health"]
    )

    assert (there.output, back.output) == (b"200\n", b"200\n")


def test_what_it_started_goes_with_it(emulator_image: str, localstack: LocalStack) -> None:
    before = Ours.now()
    labels = LABELS | {"slipway.resource": "arn:of-a-job"}

    with running_emulator(emulator_image, localstack, name="another") as emulator:
        with closing(docker.from_env()) as engine:
            between_hosts = engine.networks.create(f"{emulator.network}-job", labels=LABELS)
            for network in (emulator.network, between_hosts.name):
                engine.containers.run(
                    emulator_image,
                    ["-c", "import time; time.sleep(600)"],
                    entrypoint="python",
                    labels=labels,
                    network=network,
                    volumes={emulator.jobs_volume: {"bind": "/jobs"}},
                    detach=True,
                )
        assert len(emulator.job_containers()) == 2

    left = [thing for thing in Ours.now() - before if emulator.network.rpartition("-")[2] in thing]
    assert left == []


def test_a_health_check_of_a_port_on_which_nothing_answers_fails(
    emulator_with: Callable[..., Emulator],
) -> None:
    emulator = emulator_with()

    right, wrong = (
        emulator.container.exec_run(["python", "-m", "slipway.health"], environment={"SLIPWAY_PORT": port})
        for port in ("4500", "4501")
    )

    assert (right.exit_code, wrong.exit_code) == (0, 1)
