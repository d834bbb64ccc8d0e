"""AWS's own local mode of the SageMaker SDK, kept tidy: one folder, one label, nothing left behind."""

import logging
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.clients import boto_session
from orchestration.containers import (
    OURS,
    RUN_LABEL,
    ensure_network,
    remove_containers,
    remove_network,
)
from orchestration.settings import TELEMETRY_OPT_OUT, Settings

COMPOSE_LOGGER = "sagemaker.core.local.image"
COMPOSE_COMMAND = re.compile(r"docker command: .* -f (.+) up --build")
# Local mode mounts nothing from below these (LocalFileDataSource in the SDK).
REFUSED_BY_SDK = ("/root", "/etc", "/var/lib")


@dataclass(frozen=True, slots=True)
class LocalMode:
    """A session whose every container carries the run's label and writes as the invoking user."""

    session: Any
    run_id: str
    serving_port: int


@contextmanager
def local_mode(settings: Settings, bucket: str, build_dir: Path, run_id: str) -> Iterator[LocalMode]:
    """Local mode for one run; when it is over its containers, network and files are gone."""
    # Takes seconds, which only those who run something should wait for.
    from sagemaker.mlops.local import LocalPipelineSession

    root = container_root(build_dir, run_id)
    root.mkdir(parents=True)
    port = free_port()
    mounts = MountFolders()
    compose_log = logging.getLogger(COMPOSE_LOGGER)
    compose_log.addHandler(mounts)
    compose_log.setLevel(logging.INFO)
    try:
        ensure_network()
        session = LocalPipelineSession(
            boto_session=boto_session(settings),
            default_bucket=bucket,
            s3_endpoint_url=settings.endpoint_url,
        )
        session.sagemaker_config = TELEMETRY_OPT_OUT
        # create_pipeline looks here for the session that has opted out; otherwise
        # it makes one of its own, which has not.
        session.sagemaker_session = session
        session.config = {
            "local": {
                "container_root": str(root),
                "serving_port": port,
                "container_config": {
                    "labels": {OURS: "1", RUN_LABEL: run_id},
                    # Otherwise the containers' root owns what they leave, and only root can remove it.
                    "user": f"{os.getuid()}:{os.getgid()}",
                },
            }
        }
        yield LocalMode(session, run_id, port)
    finally:
        compose_log.removeHandler(mounts)
        remove_containers(run_id)
        remove_network()
        shutil.rmtree(root)
        with suppress(OSError):  # another run still has its folder there
            (build_dir / "local").rmdir()


class MountFolders(logging.Handler):
    """Makes the folders that a compose file mounts, just before the SDK gives it to compose.

    The SDK leaves out /opt/ml/model of a training job, and what Docker must
    make itself belongs to root: a job run as the invoking user could not write
    its model. The SDK's own log line is the moment between file and command.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Act on the line that announces the command, and on no other."""
        announced = COMPOSE_COMMAND.match(record.getMessage())
        if announced is None:
            return
        compose = yaml.safe_load(Path(announced[1]).read_text(encoding="utf-8"))
        for service in compose["services"].values():
            for volume in service["volumes"]:
                Path(volume.split(":")[0]).mkdir(parents=True, exist_ok=True)


def container_root(build_dir: Path, run_id: str) -> Path:
    """Where the SDK keeps what it mounts; outside the project where the SDK refuses to mount from it."""
    root = (build_dir / "local" / run_id).resolve()
    if any(root.is_relative_to(refused) for refused in REFUSED_BY_SDK):
        return Path(tempfile.gettempdir()) / f"slipway-{run_id}"
    return root


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
