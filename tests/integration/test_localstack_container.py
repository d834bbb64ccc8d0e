"""How the localstack image runs: as whom, with what rights, from which network, and how it ends."""

import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import Any

import docker
import pytest
import yaml
from botocore.exceptions import BotoCoreError

from scripts.commands import ROOT
from scripts.images import reference
from tests.support.containers import LABELS, wait_until
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import CALLS, queue_in

COMPOSED: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"][
    "localstack"
]
# What compose.yaml takes away and limits; the engine's API has the same names.
HARDENING = {name: COMPOSED[name] for name in ("init", "cap_drop", "security_opt", "mem_limit", "pids_limit")}
GRACE_SECONDS = int(COMPOSED["stop_grace_period"].removesuffix("s"))
ANY_USER = "12345:54321"
HERE = {"127.0.0.1", "::1", "localhost", "0.0.0.0"}

# Python tells an audit hook about every address that is looked up or reached and every
# program that is started, in whatever library, before it happens.
WATCHED = """
import runpy, sys
# Which of an event's arguments says where it goes.
PLACES = {
    "socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0, "socket.gethostbyname": 0,
    "subprocess.Popen": 1,
}
def note(event, arguments):
    if event in PLACES:
        place = arguments[PLACES[event]]
        host = place[0] if isinstance(place, tuple) else place
        print(f"reaches {host};", flush=True)
sys.addaudithook(note)
runpy.run_module("localstack.runtime.main", run_name="__main__")
"""


@contextmanager
def running(**options: Any) -> Iterator[Any]:
    """A container of the image with compose.yaml's rights; removed at the end."""
    with closing(docker.from_env()) as engine:
        container = engine.containers.create(reference("localstack"), labels=LABELS, **HARDENING | options)
        try:
            container.start()
            yield container
        finally:
            container.remove(force=True)


def healthy(container: Any) -> Any:
    """The container, once its own health check passes."""

    def look() -> bool | None:
        container.reload()
        assert container.status in ("created", "running"), container.logs().decode()
        return True if container.attrs["State"]["Health"]["Status"] == "healthy" else None

    wait_until(look, "LocalStack to be healthy")
    return container


def reached(container: Any) -> LocalStack:
    """Where a container with a published port answers."""
    [published] = container.attrs["NetworkSettings"]["Ports"]["4566/tcp"]
    return LocalStack(container, f"http://127.0.0.1:{published['HostPort']}")


PUBLISHED = {"ports": {"4566/tcp": ("127.0.0.1", None)}}


def test_every_service_works_without_rights_for_any_user_and_asks_nobody_anything() -> None:
    options = {"user": ANY_USER, "entrypoint": ["python", "-c", WATCHED], **PUBLISHED}
    with running(**options) as container:
        localstack = reached(healthy(container))
        for call in CALLS.values():
            call(localstack)
        noted = set(re.findall(r"reaches (.*?);", container.logs().decode()))

    # It looks for its own port, so the hook is known to work.
    assert "localhost" in noted
    # Whether Docker's socket was mounted: a file, and it is not there.
    assert noted - HERE == {"/var/run/docker.sock"}


@pytest.fixture(scope="module")
def untouched() -> Iterator[Any]:
    """A container that nobody asks for anything."""
    with running() as container:
        yield healthy(container)


@pytest.mark.parametrize("user", [None, ANY_USER])
def test_no_process_is_root_or_can_become_it(user: str | None, request: pytest.FixtureRequest) -> None:
    with running(user=user) if user else nullcontext(request.getfixturevalue("untouched")) as container:
        healthy(container)
        users = {uid for _, uid in container.top(ps_args="-eo pid,uid")["Processes"]}
        _, status = container.exec_run(["cat", "/proc/1/status"])

    assert "0" not in users
    if user:
        assert users == {user.split(":")[0]}
    facts = dict(line.split(":\t", 1) for line in status.decode().splitlines())
    assert facts["NoNewPrivs"] == "1"
    assert {facts[name] for name in ("CapPrm", "CapEff", "CapBnd")} == {"0" * 16}


@pytest.fixture
def lonely_network() -> Iterator[str]:
    """A network without a way out."""
    with closing(docker.from_env()) as engine:
        network = engine.networks.create("slipway-test-internal", internal=True, labels=LABELS)
        try:
            yield network.name
        finally:
            network.remove()


PUT_AND_GET = """
import boto3
s3 = boto3.client(
    "s3", endpoint_url="http://localhost:4566", region_name="us-east-1",
    aws_access_key_id="test", aws_secret_access_key="test",
)
s3.create_bucket(Bucket="alone")
s3.put_object(Bucket="alone", Key="key", Body=b"value")
print(s3.get_object(Bucket="alone", Key="key")["Body"].read().decode())
"""


def test_without_a_way_to_the_internet_it_is_healthy_and_works(lonely_network: str) -> None:
    with running(network=lonely_network) as container:
        healthy(container)
        way_out = container.exec_run(["python", "-c", "print(open('/proc/net/route').read())"])[1].decode()
        exit_code, said = container.exec_run(["python", "-c", PUT_AND_GET])
        log = container.logs().decode()

    # A default route would go to 0.0.0.0, the second column.
    assert "00000000" not in [line.split()[1] for line in way_out.split("\n")[1:] if line.strip()]
    assert (exit_code, said.decode()) == (0, "value\n")
    assert "WARN" not in log
    assert "ERROR" not in log


def test_the_log_of_a_start_is_a_version_and_a_word(untouched: Any) -> None:
    assert untouched.logs().decode().split() == ["LocalStack", "version:", "4.14.0", "Ready."]


def test_the_indexes_in_the_image_are_the_ones_in_use(untouched: Any) -> None:
    changed = untouched.diff()

    # One that does not fit what is installed would be written anew.
    written = [change["Path"] for change in changed or []]
    assert [path for path in written if "plux" in path or path.endswith(".dill")] == []


@pytest.mark.parametrize("init", [True, False])
def test_sigterm_ends_it_within_the_grace_period(init: bool) -> None:
    with running(init=init, **PUBLISHED) as container:
        localstack = reached(healthy(container))
        CALLS["s3"](localstack)
        container.kill(signal="SIGTERM")
        # Raises after that long.
        exit_code = container.wait(timeout=GRACE_SECONDS)["StatusCode"]
        log = container.logs().decode()

    assert exit_code == 0
    assert "Traceback" not in log


def test_sigterm_ends_it_while_a_caller_waits_for_a_message() -> None:
    with running(**PUBLISHED) as container:
        localstack = reached(healthy(container))
        queue_url, _ = queue_in(localstack)
        outcomes: list[object] = []

        def wait_for_a_message() -> None:
            try:
                outcomes.append(
                    localstack.client("sqs").receive_message(QueueUrl=queue_url, WaitTimeSeconds=20)
                )
            except BotoCoreError as error:
                outcomes.append(error)

        caller = threading.Thread(target=wait_for_a_message)
        caller.start()
        container.kill(signal="SIGTERM")
        exit_code = container.wait(timeout=GRACE_SECONDS)["StatusCode"]
        caller.join(timeout=60)

    assert exit_code == 0
    assert len(outcomes) == 1
