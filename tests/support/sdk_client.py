"""A SageMaker SDK in a process of its own, and what it and its containers leave."""

import dataclasses
import io
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from orchestration.containers import (
    JobContainer,
    ended_containers,
    ensure_network,
    remove_containers,
    remove_network,
)
from orchestration.local_mode import free_port
from orchestration.settings import ROOT, Settings
from tests.support.localstack import LocalStack
from tests.support.sdk_consultation import Request

PYTHONS = {"v2": ROOT / ".venv-sdk-v2" / "bin" / "python", "v3": Path(sys.executable)}
CLIENT_SECONDS = 600
SHOWN_ON_FAILURE = 6000
# SDK v2 looks for the letters "v2" in what `docker compose version` prints.
# Debian's compose says 2.26.1-4, later ones v5; both then want the old name.
COMPOSE_BY_ITS_OLD_NAME = '#!/bin/sh\nexec docker compose "$@"\n'


@dataclass(frozen=True, slots=True)
class Consulted:
    """What a client said, and the containers that it left, in the order of their start."""

    request: Request
    results: dict[str, Any]
    containers: list[JobContainer]
    owners: set[int]
    bucket: "Bucket"

    def reasons(self) -> list[str]:
        """What each container that failed gave as its reason."""
        return [container.failure_reason for container in self.containers if container.exit_code == 1]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the tests' LocalStack."""

    client: Any
    name: str

    def put(self, key: str, text: str) -> None:
        """Write an object."""
        self.client.put_object(Bucket=self.name, Key=key, Body=text.encode())

    def read(self, uri: str) -> bytes:
        """An object's content."""
        content: bytes = self.client.get_object(Bucket=self.name, Key=_key(uri))["Body"].read()
        return content

    def files(self, uri: str) -> dict[str, bytes]:
        """Every object below `uri`, by its name relative to it."""
        prefix = _key(uri) + "/"
        listed = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return {item["Key"].removeprefix(prefix): self.read(f"s3:///{item['Key']}") for item in listed}

    def archive(self, uri: str) -> dict[str, bytes]:
        """The files of a tar.gz, by name."""
        return unpacked(self.read(uri))


def unpacked(content: bytes) -> dict[str, bytes]:
    """The files of a tar archive, by name."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {
            member.name: taken.read()
            for member in archive
            if (taken := archive.extractfile(member)) is not None
        }


def _key(uri: str) -> str:
    return urlparse(uri).path.lstrip("/")


@contextmanager
def consulted(version: str, localstack: LocalStack, folder: Path, **asked: Any) -> Iterator[Consulted]:
    """What SDK `version` gives for what is `asked`; afterwards nothing of it is left, whatever happened."""
    run_id = f"sdk-{version}-{secrets.token_hex(4)}"
    root = folder / run_id
    root.mkdir()
    request = Request(run_id=run_id, container_root=str(root), serving_port=free_port(), **asked)
    try:
        ensure_network()
        results = _ask(version, request, localstack, folder)
        yield Consulted(
            request=request,
            results=results,
            containers=ended_containers(run_id),
            owners={path.stat().st_uid for path in root.rglob("*")},
            bucket=Bucket(localstack.client("s3"), request.bucket),
        )
    finally:
        remove_containers(run_id)
        remove_network()
        shutil.rmtree(root)


def _ask(version: str, request: Request, localstack: LocalStack, folder: Path) -> dict[str, Any]:
    python = PYTHONS[version]
    assert python.exists(), f"{python.parents[1].name} is not there; `make test` makes it"
    answer = folder / "results.json"
    with subprocess.Popen(
        [str(python), "-m", f"tests.support.sdk_{version}_client", str(answer)],
        cwd=ROOT,
        env=_environ(localstack, folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as program:
        try:
            log, _ = program.communicate(json.dumps(dataclasses.asdict(request)), CLIENT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            log, _ = program.communicate()
        finally:
            # Compose, which it starts, must end with it; where all went well nobody is left.
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
    assert program.returncode == 0, f"SDK {version} failed:\n{log[-SHOWN_ON_FAILURE:]}"
    results: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return results


def _environ(localstack: LocalStack, folder: Path) -> dict[str, str]:
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    compose = tools / "docker-compose"
    compose.write_text(COMPOSE_BY_ITS_OLD_NAME, encoding="ascii")
    compose.chmod(0o755)
    settings = Settings.from_environ({"AWS_ENDPOINT_URL": localstack.endpoint_url})
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**theirs, **settings.for_sdk(), "PATH": f"{tools}:{os.environ['PATH']}"}
