"""What the processes of a container hold: memory, files, connections."""

import json
from dataclasses import dataclass
from typing import Any

# Runs in the container, with Python alone. State 01 of /proc/net/tcp is ESTABLISHED.
# Health checks, and this program itself, are no children of the container's first process.
PROGRAM = """
import json, os
def parent(process):
    return int(open(f"/proc/{process}/stat").read().rpartition(")")[2].split()[1])
def is_own(process):
    while process > 1:
        process = parent(process)
    return process == 1
rss = files = 0
for process in map(int, filter(str.isdigit, os.listdir("/proc"))):
    try:
        if not is_own(process):
            continue
        files += len(os.listdir(f"/proc/{process}/fd"))
        rss += int(open(f"/proc/{process}/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        continue
lines = [line.split() for line in open("/proc/net/tcp").read().splitlines()[1:]]
print(json.dumps({"bytes": rss, "files": files, "connections": sum(line[3] == "01" for line in lines)}))
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """Resident bytes, open file descriptors, established connections."""

    bytes: int
    files: int
    connections: int


def usage_of(container: Any) -> Usage:
    """What a container's processes hold now; it has Python."""
    exit_code, said = container.exec_run(["python", "-c", PROGRAM])
    assert exit_code == 0, said.decode()
    usage = Usage(**json.loads(said))
    assert usage.bytes > 0, "no process of the container's own was found"
    return usage
