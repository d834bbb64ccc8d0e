"""Which jobs' containers the engine starts, by its own account."""

import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RESOURCE = "slipway.resource"
FORM = f'{{{{.TimeNano}}}} {{{{.Actor.ID}}}} {{{{index .Actor.Attributes "{RESOURCE}"}}}}'


class JobStarts:
    """The starts of containers with one label since a moment.

    They are followed while they happen, for the engine remembers only its last 256
    events, and its health checks are events too; and it is asked for those that it
    remembers, for whoever follows may be late.
    """

    def __init__(self, label: str, followed: Path) -> None:
        self._since = f"{time.time():.6f}"
        self._followed = followed
        self._command = [
            *("docker", "events", "--since", self._since, "--format", FORM),
            *("--filter", "event=start", "--filter", f"label={label}", "--filter", f"label={RESOURCE}"),
        ]

    @contextmanager
    def following(self) -> Iterator[None]:
        """Follow them until the block ends."""
        with self._followed.open("w") as told, subprocess.Popen(self._command, stdout=told) as follower:
            try:
                yield
            finally:
                follower.terminate()

    def by_resource(self) -> Counter[str]:
        """How many containers of each resource, by ARN, were started until now."""
        until = ["--until", f"{time.time():.6f}"]
        remembered = subprocess.run(
            [*self._command, *until], stdout=subprocess.PIPE, text=True, check=True
        ).stdout.splitlines()
        *whole, _unfinished = self._followed.read_text(encoding="ascii").split("\n")
        return Counter(line.split()[2] for line in {*remembered, *whole})


@contextmanager
def job_starts(label: str = RESOURCE) -> Iterator[JobStarts]:
    """The starts of containers with `label` from now on."""
    with tempfile.TemporaryDirectory() as folder:
        starts = JobStarts(label, Path(folder) / "starts")
        with starts.following():
            yield starts


@contextmanager
def counted_starts() -> Iterator[Counter[str]]:
    """How many containers of each resource, by ARN, are started meanwhile; complete after the block."""
    counted: Counter[str] = Counter()
    with job_starts() as starts:
        yield counted
        counted.update(starts.by_resource())
