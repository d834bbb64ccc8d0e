"""Load on a server by wrk, and what the server's processes use meanwhile."""

import os
import resource
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.jobs import JobError
from benchmarks.serving_peers import Call
from benchmarks.serving_processes import LOAD_CORE
from scripts.commands import SetupError

# Requests in turn, made before the first is sent; then what was counted: wrk's own text is for people.
SCRIPT = """
local requests, at = {}, 0
init = function()
  local headers = { ["Content-Type"] = os.getenv("CONTENT_TYPE"), ["Host"] = "127.0.0.1" }
  for line in io.lines(os.getenv("BODIES")) do
    local body = line:gsub("\\\\n", "\\n")
    requests[#requests + 1] = wrk.format("POST", os.getenv("TARGET"), headers, body)
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %f %f %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """What some seconds of load showed; times in milliseconds, processor time in microseconds a request."""

    requests_per_second: float
    p50: float
    p99: float
    cpu: float
    # Of the load itself.
    generator_cpu: float


def wrk() -> str:
    """The program. Raises SetupError where there is none."""
    program = shutil.which("wrk")
    if program is None:
        raise SetupError("no wrk to make the load with; on Debian and Ubuntu: apt-get install wrk")
    return program


class Bodies:
    """Requests in a file, one a line, as the load reads them."""

    def __init__(self, folder: Path, name: str, call: Call, requests: Sequence[Sequence[str]]) -> None:
        """`requests` are the rows of each."""
        self.call = call
        self.file = folder / f"{name}.bodies"
        self.script = folder / "load.lua"
        self.script.write_text(SCRIPT, "utf-8")
        # No cell has a backslash.
        lines = [call.body(rows).replace("\n", "\\n") + "\n" for rows in requests]
        self.file.write_text("".join(lines), "utf-8")


def loaded(port: int, process: int, bodies: Bodies, clients: int, seconds: int) -> Load:
    """The server at `port`, whose first process is given, under load. Raises JobError for any error."""
    call = bodies.call
    before, own = cpu_seconds(process), _children()
    done = subprocess.run(
        [
            *("taskset", "--cpu-list", str(LOAD_CORE)),
            *(wrk(), "-t", "1", "-c", str(clients), "-d", f"{seconds}s", "--timeout", "30s"),
            *("-s", str(bodies.script), f"http://127.0.0.1:{port}"),
        ],
        check=False,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "BODIES": str(bodies.file),
            "CONTENT_TYPE": call.content_type,
            "TARGET": call.path,
        },
    )
    used, own = cpu_seconds(process) - before, _children() - own
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not found:
        raise JobError(f"wrk said: {done.stdout[-400:]}{done.stderr[-400:]}")
    requests, microseconds, p50, p99, errors = (float(word) for word in found[0].split()[1:])
    if errors or not requests:
        raise JobError(f"{bodies.file.stem} at {clients} clients: {errors:g} errors, {requests:g} answers")
    return Load(
        1e6 * requests / microseconds, p50 / 1000, p99 / 1000, 1e6 * used / requests, 1e6 * own / requests
    )


def _children() -> float:
    """Processor time of what this process has started and seen the end of."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tree(process: int) -> list[int]:
    """A process and all that it has started and they have."""
    found = [process]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, children.read_text("ascii").split())
    return found


def cpu_seconds(process: int) -> float:
    """Processor time of a process' tree, its own and the kernel's for it."""
    total = 0
    for each in tree(process):
        # The name, in brackets, may hold anything; user and system time are 12 and 13 fields on.
        fields = Path(f"/proc/{each}/stat").read_text("utf-8").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def megabytes(process: int) -> float:
    """The memory of a process' tree, shared pages divided among who shares them. Needs the right to look."""
    total = 0
    for each in tree(process):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text("ascii").splitlines()
        except PermissionError as error:
            raise SetupError(
                "the memory of a container's processes is shown to root only; use sudo"
            ) from error
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024
