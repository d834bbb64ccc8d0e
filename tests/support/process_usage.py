"""What the processes of a container hold: memory, files, connections."""

import json
from dataclasses import dataclass
from typing import Any

# Runs in the container, with Python alone. State 01 of /proc/net/tcp is ESTABLISHED.
PROGRAM = """
import json, os
rss = files = 0
for process in filter(str.isdigit, os.listdir("/proc")):
    if int(process) in (os.getpid(), os.getppid()):
        continue
    try:
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
    return Usage(**json.loads(said))
