"""What the localstack image's README says is so."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from scripts.commands import ROOT
from scripts.images import reference
from tests.support.containers import wait_until
from tests.support.localstack import LocalStack

IMAGE = ROOT / "images" / "localstack"
README = (IMAGE / "README.md").read_text(encoding="utf-8")
DOCKERFILE = (IMAGE / "Dockerfile").read_text(encoding="utf-8")
LARGEST_BYTES = 600_000_000


def rows(*head: str) -> list[list[str]]:
    """The cells of the table with this head, without the head."""
    table = re.search(rf"^\| {re.escape(' | '.join(head))} \|\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table is not None, head
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


VARIABLES = rows("variable", "default", "meaning")
MISSING = re.findall(r"`([a-z0-9]+)`", "".join(names for names, _ in rows("service", "why")))


def fenced(language: str) -> str:
    """The README's one block in this language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    text: str = block
    return text


@pytest.fixture(scope="module")
def image() -> Iterator[Any]:
    with closing(docker.from_env()) as engine:
        yield engine.images.get(reference("localstack"))


@pytest.fixture(scope="module")
def environment(image: Any) -> dict[str, str]:
    return dict(line.split("=", 1) for line in image.attrs["Config"]["Env"])


def test_the_table_of_services_is_the_dockerfiles_list(environment: dict[str, str]) -> None:
    documented = [service.strip("`") for service, _ in rows("service", "limits")]

    written = re.search(r"^ENV SERVICES=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert written is not None
    assert documented == written[1].split(",") == environment["SERVICES"].split(",")


def test_the_size_is_the_images_and_below_600_megabytes(image: Any) -> None:
    size = image.attrs["Size"]

    documented = re.search(r"Size (\d+) MB", README)
    assert documented is not None
    assert int(documented[1]) * 1e6 == pytest.approx(size, rel=0.1)
    assert size < LARGEST_BYTES


def test_versions_port_and_user_are_the_images(image: Any, localstack: LocalStack) -> None:
    settings = image.attrs["Config"]
    version = "import sys, localstack.version as v; print(v.version, *sys.version_info[:2])"
    said = localstack.container.exec_run(["python", "-c", version])[1].decode().split()

    edition = re.search(r"community edition ([\d.]+),", README)
    interpreter = re.search(r"Python ([\d.]+);", README)
    assert edition is not None
    assert interpreter is not None
    assert said[0].startswith(f"{edition[1]}.")
    assert ".".join(said[1:]) == interpreter[1]
    assert list(settings["ExposedPorts"]) == ["4566/tcp"]
    assert settings["User"] == "localstack"


# A network of one's own brings Docker's name server, which listens on 127.0.0.11;
# the file has addresses backwards.
LISTENING = """
for file in ("/proc/net/tcp", "/proc/net/tcp6"):
    for line in open(file).readlines()[1:]:
        fields = line.split()
        address, port = fields[1].split(":")
        if fields[3] == "0A" and address != "0B00007F":  # TCP_LISTEN (Linux, include/net/tcp_states.h)
            print(int(port, 16))
"""


def test_it_listens_on_the_documented_port_alone(localstack: LocalStack) -> None:
    said = localstack.container.exec_run(["python", "-c", LISTENING])[1].decode()

    assert re.search(r"listens on port 4566, and on nothing else", README)
    assert set(said.split()) == {"4566"}


def test_documented_defaults_are_the_images(environment: dict[str, str]) -> None:
    defaults = {name.strip("`"): default for name, default, _ in VARIABLES}

    baked = {name: environment[name] for name in defaults if name in environment}
    assert set(baked) == {
        "SERVICES",
        "LOCALSTACK_HOST",
        "SQS_ENDPOINT_STRATEGY",
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES",
    }
    assert baked | {"SERVICES": "the table's"} == {name: defaults[name] for name in baked}


@pytest.mark.parametrize("name", [row[0].strip("`") for row in VARIABLES])
def test_a_documented_variable_is_read_by_localstack_or_by_us(localstack: LocalStack, name: str) -> None:
    folder = "/opt/venv/lib/python3.13/site-packages"
    readers = [f"{folder}/localstack/{module}.py" for module in ("config", "utils/bootstrap")]
    readers.append(f"{folder}/slipway_localstack/forwarding.py")

    exit_code, found = localstack.container.exec_run(["grep", "-lE", f"""["']{name}["']""", *readers])

    assert exit_code == 0
    assert found


@pytest.mark.parametrize("service", MISSING)
def test_a_service_that_is_said_to_be_missing_is_refused_in_aws_words(
    localstack: LocalStack, service: str
) -> None:
    client = localstack.client(service)
    model = client.meta.service_model
    needs_nothing = next(
        name
        for name in model.operation_names
        if name.startswith(("List", "Get", "Describe"))
        and not getattr(model.operation_model(name).input_shape, "required_members", [])
    )

    with pytest.raises(ClientError) as refused:
        getattr(client, xform_name(needs_nothing))()

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert service in refused.value.response["Error"]["Message"]


@pytest.mark.parametrize("service", ["lambda", "scheduler"])
def test_what_is_said_to_be_the_emulators_is_forwarded(localstack_alone: LocalStack, service: str) -> None:
    operation = {"lambda": "list_functions", "scheduler": "list_schedules"}[service]

    with pytest.raises(ClientError, match="SLIPWAY_EMULATOR_URL"):
        getattr(localstack_alone.client(service), operation)()

    assert dict(rows("service", "limits"))[f"`{service}`"].startswith("answered by Slipway's emulator")


def test_a_pattern_for_log_lines_filters_nothing_as_said(localstack: LocalStack) -> None:
    logs, group = localstack.client("logs"), {"logGroupName": "/slipway/readme"}
    logs.create_log_group(**group)
    logs.create_log_stream(**group, logStreamName="one")
    event = {"timestamp": int(time.time() * 1000), "message": "done"}
    logs.put_log_events(**group, logStreamName="one", logEvents=[event])

    found = logs.filter_log_events(**group, filterPattern="absent")["events"]
    logs.delete_log_group(**group)

    assert dict(rows("service", "limits"))["`logs`"] == "`filterPattern` is accepted and filters nothing"
    assert [line["message"] for line in found] == ["done"]


def run(command: list[str], **environment: str) -> str:
    """What a program that succeeds prints."""
    ended = subprocess.run(
        command, env=os.environ | environment, cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.fixture
def started_as_written() -> Iterator[Any]:
    """The container that the README's first command starts, on a free port instead of the default one."""
    start, _ = fenced("bash").splitlines()
    assert start.count("127.0.0.1:4566:4566") == 1
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = start.replace("127.0.0.1:4566:4566", "127.0.0.1::4566") + '; echo "$LOCALSTACK"'
    identity = run(["bash", "-euc", command], PATH=path)
    with closing(docker.from_env()) as engine:
        container = engine.containers.get(identity)
        try:
            yield container
        finally:
            container.remove(force=True)


def test_the_commands_and_the_program_do_what_they_show(started_as_written: Any) -> None:
    def healthy() -> bool | None:
        started_as_written.reload()
        return True if started_as_written.attrs["State"]["Health"]["Status"] == "healthy" else None

    wait_until(healthy, "LocalStack to be healthy")
    [published] = started_as_written.attrs["NetworkSettings"]["Ports"]["4566/tcp"]
    written = dict(re.findall(r"`(AWS_[A-Z_]+)=([^`]+)`", README))
    written["AWS_ENDPOINT_URL"] = written["AWS_ENDPOINT_URL"].replace("4566", published["HostPort"])
    credentials = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}

    printed = run([sys.executable, "-c", fenced("python")], **written, **credentials)
    _, stop = fenced("bash").splitlines()
    run(["bash", "-euc", stop], LOCALSTACK=started_as_written.id)

    assert printed == "age,job\n58,student"
    assert started_as_written.wait()["StatusCode"] == 0
