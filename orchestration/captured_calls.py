"""What the endpoint has captured: waited for until it lies where monitors look."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from orchestration.errors import DriftError

# Captured lines wait for others before an object is stored.
CAPTURED_SECONDS = 60.0
POLL_SECONDS = 0.3


@dataclass(slots=True)
class CapturedCalls:
    """The inference ids in the objects that `keys` lists; each object is read once."""

    bucket: Any
    keys: Callable[[], Iterable[str]]
    ids: set[str] = field(default_factory=set)
    _read: set[str] = field(default_factory=set)

    def wait_for(self, inference_ids: Iterable[str], seconds: float = CAPTURED_SECONDS) -> None:
        """Return once all of them are captured. Raises DriftError where they are not in time."""
        wanted = set(inference_ids)
        deadline = time.monotonic() + seconds
        while missing := wanted - self._known():
            if time.monotonic() > deadline:
                raise DriftError(
                    f"{len(missing):,} of {len(wanted):,} requests are not captured after {seconds:.0f} s; "
                    "the endpoint's DataCaptureConfig says whether and where it captures"
                )
            time.sleep(POLL_SECONDS)

    def _known(self) -> set[str]:
        for uri in self.keys():
            if uri not in self._read:
                self._read.add(uri)
                lines = self.bucket.read(uri).decode().splitlines()
                self.ids |= {json.loads(line)["eventMetadata"].get("inferenceId", "") for line in lines}
        return self.ids
