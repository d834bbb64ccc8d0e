"""Which jobs' containers the engine starts, by its own account."""

import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

RESOURCE = "slipway.resource"


@contextmanager
def counted_starts() -> Iterator[Counter[str]]:
    """How many containers of each resource, by ARN, are started meanwhile; complete after the block.

    Followed while it happens: the engine remembers only its last 256 events.
    """
    form = f'{{{{index .Actor.Attributes "{RESOURCE}"}}}}'
    filters = ["--filter", "event=start", "--filter", f"label={RESOURCE}", "--format", form]
    starts: Counter[str] = Counter()
    with tempfile.TemporaryFile("w+", encoding="ascii") as told:
        with subprocess.Popen(["docker", "events", *filters], stdout=told) as follower:
            try:
                yield starts
            finally:
                follower.terminate()
        told.seek(0)
        starts.update(told.read().split())
