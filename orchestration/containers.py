"""The containers that local mode started for one run: found by label, timed, read, removed."""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestration.errors import OrchestrationError

OURS = "slipway"
RUN_LABEL = "slipway.run"
NETWORK = "sagemaker-local"
# SageMaker gives an endpoint's container 30 s between SIGTERM and the end.
STOP_GRACE_SECONDS = 30
LINES_WITHOUT_REASON = 12

JOB_FINISHED = re.compile(r"job\.finished kind=\w+ seconds=([0-9.]+)")
REASON = re.compile(r"^(?:Processing|Training) failed: (.*)", re.MULTILINE | re.DOTALL)
FRACTION = re.compile(r"\.(\d{6})\d*")


@dataclass(frozen=True, slots=True)
class JobContainer:
    """A container that has ended, and what it wrote."""

    container_id: str
    exit_code: int
    seconds: float
    is_out_of_memory: bool
    log: str

    @property
    def work_seconds(self) -> float | None:
        """How long the job itself worked, by its own word; None where it did not finish."""
        found = JOB_FINISHED.findall(self.log)
        return float(found[-1]) if found else None

    @property
    def failure_reason(self) -> str:
        """Why it ended badly, in the container's own words where it left any."""
        if self.is_out_of_memory:
            return "the container ran out of memory; give Docker more, or use fewer rows"
        reasons = REASON.findall(self.log)
        if reasons:
            return str(reasons[-1]).strip()
        last_lines = [line for line in self.log.splitlines() if line.strip()][-LINES_WITHOUT_REASON:]
        said = "\n".join(last_lines) or "it wrote nothing"
        return f"the container ended with exit code {self.exit_code}; its last lines:\n{said}"


def ended_containers(run_id: str) -> list[JobContainer]:
    """The ended containers of a run, in the order in which they were created."""
    ids = _docker("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={RUN_LABEL}={run_id}").split()
    if not ids:
        return []
    described = json.loads(_docker("inspect", *ids))
    ended = [item for item in described if item["State"]["Status"] in ("exited", "dead")]
    return [_job_container(item) for item in sorted(ended, key=lambda item: str(item["Created"]))]


def count_ended(run_id: str) -> int:
    """How many containers of a run have ended."""
    listed = _docker(
        "ps", "--all", "--quiet", "--filter", f"label={RUN_LABEL}={run_id}", "--filter", "status=exited"
    )
    return len(listed.split())


def stop_containers(run_id: str) -> None:
    """Ask the running containers of a run to end, as SageMaker asks an endpoint's."""
    ids = _docker("ps", "--quiet", "--filter", f"label={RUN_LABEL}={run_id}").split()
    if ids:
        _docker("stop", "--time", str(STOP_GRACE_SECONDS), *ids)


def remove_containers(run_id: str) -> None:
    """Remove every container of a run, running or not, with its anonymous volumes."""
    ids = _docker("ps", "--all", "--quiet", "--filter", f"label={RUN_LABEL}={run_id}").split()
    if ids:
        _docker("rm", "--force", "--volumes", *ids)


def ensure_network() -> None:
    """Make the network that the SDK's compose files name, unless it is there.

    Ours binds published ports to the loopback interface; the SDK's own would
    open an endpoint's port to the whole network. The compose label is what
    makes compose take it for its own.
    """
    if NETWORK in _docker("network", "ls", "--format", "{{.Name}}").split():
        return
    try:
        _docker(
            *("network", "create", "--label", f"{OURS}=1"),
            *("--label", f"com.docker.compose.network={NETWORK}"),
            *("--opt", "com.docker.network.bridge.host_binding_ipv4=127.0.0.1", NETWORK),
        )
    except OrchestrationError as error:
        if "already exists" not in str(error):
            raise


def remove_network() -> None:
    """Remove our network where no other run uses it."""
    listed = _docker(
        "network", "ls", "--quiet", "--filter", f"name=^{NETWORK}$", "--filter", f"label={OURS}=1"
    )
    for network_id in listed.split():
        try:
            _docker("network", "rm", network_id)
        except OrchestrationError as error:
            if "active endpoints" not in str(error) and "not found" not in str(error):
                raise


def image_digest(reference: str) -> str:
    """The id of an image's content. Raises OrchestrationError where the engine does not have it."""
    return _docker("image", "inspect", "--format", "{{.Id}}", reference).strip()


def _job_container(item: dict[str, object]) -> JobContainer:
    state = item["State"]
    if not isinstance(state, dict):
        raise OrchestrationError(
            "docker inspect answered without a State; is this Docker Engine 26 or newer?"
        )
    container_id = str(item["Id"])
    return JobContainer(
        container_id=container_id,
        exit_code=int(state["ExitCode"]),
        seconds=seconds_between(str(state["StartedAt"]), str(state["FinishedAt"])),
        is_out_of_memory=bool(state["OOMKilled"]),
        log=_log(container_id),
    )


def _log(container_id: str) -> str:
    # Local mode gives containers a terminal, which ends lines with \r\n.
    return _docker("logs", container_id, with_stderr=True).replace("\r\n", "\n")


def seconds_between(started: str, finished: str) -> float:
    """How long it is from one of Docker's times to another; 0 where it never was."""
    return max(0.0, (_moment(finished) - _moment(started)).total_seconds())


def _moment(text: str) -> datetime:
    # Docker writes nanoseconds, and fewer digits where they end in zeros.
    return datetime.fromisoformat(FRACTION.sub(r".\1", text).replace("Z", "+00:00"))


def _docker(*arguments: str, with_stderr: bool = False) -> str:
    """What the docker client answers. Raises OrchestrationError in its own words."""
    command: Sequence[str] = ("docker", *arguments)
    try:
        answer = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if with_stderr else subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise OrchestrationError("docker is not installed; run: make setup") from error
    if answer.returncode != 0:
        said = (answer.stderr or answer.stdout or "").strip()
        raise OrchestrationError(f"docker {' '.join(arguments[:2])} failed: {said}")
    return answer.stdout
