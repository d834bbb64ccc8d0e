"""Docker Engine with compose and buildx: found, installed where that is safe, started."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.apt import debian_codename, host_apt_source, install_packages
from scripts.commands import LOGS, SetupError, capture, relative, tail, wait_until

MINIMUM_ENGINE = 26
MINIMUM_COMPOSE = 2
DOCKER_PACKAGES = ("docker.io", "docker-cli", "docker-compose", "docker-buildx")
DOCKER_SUITE = "trixie"

START_TIMEOUT_SECONDS = 60
DAEMON_LOG = LOGS / "dockerd.log"
# Where the daemons write their process ids, and whose they are.
PID_FILES = {
    Path("/var/run/docker.pid"): "dockerd",
    Path("/var/run/docker/containerd/containerd.pid"): "containerd",
}

HOW_TO_INSTALL = (
    f"Install Docker Engine {MINIMUM_ENGINE} or newer with the compose (v2) and buildx plugins:\n"
    "    Debian 13, Ubuntu:  apt-get install docker.io docker-cli docker-compose docker-buildx\n"
    "    others:             https://docs.docker.com/engine/install/\n"
    "  or run this as root on Debian, and it is done for you."
)


@dataclass(frozen=True, slots=True)
class EngineState:
    """What is there: versions, or None where a part does not answer."""

    engine: str | None
    compose: str | None
    buildx: bool
    complaint: str = ""

    @property
    def problem(self) -> str | None:
        """What is missing or too old, in words; None when all is well."""
        return self.engine_problem or self.client_problem

    @property
    def engine_problem(self) -> str | None:
        """What is wrong with the daemon."""
        if self.engine is None:
            return f"no Docker Engine answers ({self.complaint})"
        if major(self.engine) < MINIMUM_ENGINE:
            return f"Docker Engine {self.engine} is older than {MINIMUM_ENGINE}"
        return None

    @property
    def client_problem(self) -> str | None:
        """What the client beside it lacks."""
        if self.compose is None or major(self.compose) < MINIMUM_COMPOSE:
            return "the compose v2 plugin is missing (docker compose version fails)"
        if not self.buildx:
            return "the buildx plugin is missing (docker buildx version fails)"
        return None


def major(version: str) -> int:
    """The first number of a version text, 0 where there is none."""
    match = re.search(r"\d+", version)
    return int(match.group()) if match else 0


def engine_state() -> EngineState:
    """Ask the client for everything that the verbs need."""
    version = capture(["docker", "version", "--format", "{{.Server.Version}}"], 20)
    compose = capture(["docker", "compose", "version", "--short"], 20)
    buildx = capture(["docker", "buildx", "version"], 20)
    complaint = (version.stderr.strip().splitlines() or ["docker does not answer"])[-1]
    return EngineState(
        engine=(version.stdout.strip() or None) if version.returncode == 0 else None,
        compose=compose.stdout.strip() if compose.returncode == 0 else None,
        buildx=buildx.returncode == 0,
        complaint=complaint,
    )


def ensure_engine() -> str:
    """A working engine, whatever it takes and is safe; returns a line that says which.

    Raises SetupError with what to do where the machine does not let us.
    """
    state = engine_state()
    if state.problem is None:
        return described(state)
    refuse_without_rights(state)
    if daemon_is_installed() and state.compose is not None and state.buildx:
        start_daemon()
    else:
        install_engine(state)
        if engine_state().engine is None:
            start_daemon()
    state = engine_state()
    if state.problem is not None:
        raise SetupError(f"after the installation still {state.problem}.\n  {HOW_TO_INSTALL}")
    return described(state)


def described(state: EngineState) -> str:
    """The versions in one line."""
    return f"engine {state.engine}, compose {state.compose}, buildx"


def refuse_without_permission(state: EngineState) -> None:
    """Stop where an engine is there, but not for this user."""
    if state.engine is None and "permission denied" in state.complaint.lower():
        raise SetupError(
            "Docker is running, but your user may not talk to it.\n"
            "  Run: sudo usermod -aG docker $USER   and log in again; or run make as root."
        )


def refuse_without_rights(state: EngineState) -> None:
    """Stop where only the person at the machine can help."""
    refuse_without_permission(state)
    if host := os.environ.get("DOCKER_HOST"):
        start = "Start that engine, or unset DOCKER_HOST to use the local one."
        way_out = start if state.engine_problem else HOW_TO_INSTALL
        raise SetupError(f"{state.problem}; DOCKER_HOST is set to {host}.\n  {way_out}")
    if os.geteuid() != 0:
        raise SetupError(f"{state.problem}, and this user may not install or start it.\n  {HOW_TO_INSTALL}")
    if state.engine is not None and state.engine_problem:
        # Somebody's containers may be running on it.
        raise SetupError(f"{state.problem}, and an engine in use is not replaced.\n  {HOW_TO_INSTALL}")


def daemon_is_installed() -> bool:
    """Whether there is a dockerd that could be started."""
    return shutil.which("dockerd") is not None


def install_engine(state: EngineState) -> None:
    """Install Debian's engine, from trixie where the host is older.

    Raises SetupError on another distribution, and where packages cannot be had.
    """
    codename = debian_codename()
    if codename is None:
        raise SetupError(f"{state.problem}.\n  {HOW_TO_INSTALL}")
    source = host_apt_source(codename)
    install_packages(DOCKER_PACKAGES, source, suite=DOCKER_SUITE if codename == "bookworm" else None)


def start_daemon() -> None:
    """Start dockerd: by the service manager where there is one, else detached.

    Raises SetupError with the daemon's own last words.
    """
    if Path("/run/systemd/system").is_dir():
        started = capture(["systemctl", "start", "docker"], 120)
        if started.returncode != 0:
            raise SetupError(f"systemctl start docker failed: {started.stderr.strip()}")
        wait_until(lambda: engine_state().engine is not None, START_TIMEOUT_SECONDS)
        why = "`journalctl --unit docker` says why"
    else:
        for pid_file, program in PID_FILES.items():
            remove_stale(pid_file, program)
        daemon = _detached_daemon()
        wait_until(
            lambda: engine_state().engine is not None or daemon.poll() is not None, START_TIMEOUT_SECONDS
        )
        why = f"its last words ({relative(DAEMON_LOG)}):\n{tail(DAEMON_LOG)}"
    if engine_state().engine is None:
        raise SetupError(f"dockerd does not come up; {why}")


def remove_stale(pid_file: Path, program: str, processes: Path = Path("/proc")) -> None:
    """Remove a killed daemon's pid file.

    The next one looks only whether a process has that number, and would not
    start beside the dead daemon's remains or a stranger.
    """
    if not pid_file.is_file():
        return
    stat = processes / pid_file.read_text(encoding="ascii").strip() / "stat"
    # `pid (name) state …`; a name may hold spaces and brackets (proc_pid_stat(5)).
    name, _, rest = stat.read_text().partition("(")[2].rpartition(")") if stat.is_file() else ("", "", "")
    if name != program or rest.split()[0] in ("Z", "X"):
        pid_file.unlink()


def _detached_daemon() -> subprocess.Popen[bytes]:
    """A dockerd in a session of its own, so that it outlives the terminal."""
    DAEMON_LOG.parent.mkdir(parents=True, exist_ok=True)
    with DAEMON_LOG.open("ab") as log:
        return subprocess.Popen(
            ["dockerd"], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
