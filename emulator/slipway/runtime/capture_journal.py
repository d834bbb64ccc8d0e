"""Captured lines on their way to S3: on disk before the caller has its answer, in S3 a few seconds later."""

import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from slipway.resources.document import Document
from slipway.resources.resource import Key, Owner
from slipway.runtime.data_capture import object_place

log = logging.getLogger(__name__)

# How long a line may wait for others before its object is stored.
FLUSH_SECONDS = 2.0
# An object grows no larger than one request past this.
OBJECT_BYTES = 4 * 1024**2
LOOK_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 10.0
HOUR = 3600

# Stores an object: owner, bucket, key, content. Any exception means: later, again.
StoreObject = Callable[[Owner, str, str, bytes], None]


@dataclass(slots=True)
class _OpenFile:
    """The lines of one object so far: `size` bytes of them after the `begin` of the first line's end."""

    path: Path
    descriptor: int
    begin: int
    opened_at: float
    hour: int
    size: int = 0

    def write(self, line: bytes) -> None:
        """Hand a line to the kernel, whole, or nothing of it. Raises OSError."""
        try:
            written = 0
            while written < len(line):
                written += os.write(self.descriptor, line[written:])
        except OSError:
            # A disk that is full takes a part; the next line must not be joined to that.
            os.ftruncate(self.descriptor, self.begin + self.size)
            raise
        self.size += len(line)


class CaptureJournal:
    """Every captured line reaches S3 once it was written here, also after `kill -9`.

    What the kernel has taken outlives the process; for it to outlive the machine each
    line would need an fsync, and AWS promises less than that (developer guide, "Capture
    data from real-time endpoint": capturing stops where a disk fills up).

    A file is one object: its first line says where it goes, the rest is its content,
    so storing it a second time after a crash changes nothing.
    """

    def __init__(self, folder: Path, store_object: StoreObject) -> None:
        self._folder = folder
        self._store_object = store_object
        self._open: dict[tuple[Key, str, str], _OpenFile] = {}
        self._lock = threading.Lock()
        self._storing = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="data-capture", daemon=True)

    def start(self) -> None:
        """Begin to store, with what an earlier process left."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def append(self, key: Key, variant_name: str, destination: str, moment: float, line: bytes) -> None:
        """Keep a line; it survives this process once this returns."""
        place = (key, variant_name, destination)
        with self._lock:
            file = self._open.get(place)
            # The folder in S3 is the hour in which its lines were captured.
            if file is not None and (file.hour != moment // HOUR or file.size >= OBJECT_BYTES):
                self._close(place)
                file = None
            if file is None:
                file = self._open[place] = self._opened(key, variant_name, destination, moment)
            file.write(line)

    def flush(self) -> bool:
        """Store everything that is there now; False where something could not be stored yet."""
        with self._lock:
            for place in list(self._open):
                self._close(place)
        return self._store_closed()

    def close(self) -> None:
        """Stop; what cannot be stored now is stored after the next start."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.flush()

    def _run(self) -> None:
        wait = LOOK_SECONDS
        while not self._stop.wait(wait):
            with self._lock:
                now = time.monotonic()
                for place, file in list(self._open.items()):
                    if now - file.opened_at >= FLUSH_SECONDS:
                        self._close(place)
            wait = LOOK_SECONDS if self._store_closed() else min(wait * 2, LONGEST_RETRY_SECONDS)

    def _opened(self, key: Key, variant_name: str, destination: str, moment: float) -> _OpenFile:
        object_id = str(uuid.uuid4())
        bucket, object_key = object_place(destination, key.name, variant_name, moment, object_id)
        head = {
            "account_id": key.owner.account_id,
            "region": key.owner.region,
            "bucket": bucket,
            "key": object_key,
        }
        path = self._folder / f"{object_id}.open"
        begin = path.write_bytes(json.dumps(head).encode() + b"\n")
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        return _OpenFile(path, descriptor, begin, time.monotonic(), int(moment // HOUR))

    def _close(self, place: tuple[Key, str, str]) -> None:
        file = self._open.pop(place)
        os.close(file.descriptor)
        file.path.rename(file.path.with_suffix(".jsonl"))

    def _store_closed(self) -> bool:
        with self._storing:
            with self._lock:
                in_use = {file.path for file in self._open.values()}
                # What no process has open any more was left by one that was killed.
                paths = [path for path in sorted(self._folder.iterdir()) if path not in in_use]
            # One bucket that is not there must not hold up the others.
            refused: set[str] = set()
            for path in paths:
                try:
                    self._store(path, refused)
                except (OSError, ValueError) as error:
                    # What cannot be read, or is no file of ours, must not hold up the others either.
                    log.warning("data_capture.unreadable file=%s error=%s", path.name, error)
                    refused.add(path.name)
            return not refused

    def _store(self, path: Path, refused: set[str]) -> None:
        first, _, rest = path.read_bytes().partition(b"\n")
        # A killed process may leave half a line, for which nobody got an answer.
        content = rest[: rest.rfind(b"\n") + 1]
        if content:
            head: Document = json.loads(first)
            bucket = head["bucket"]
            if bucket in refused:
                return
            try:
                owner = Owner(head["account_id"], head["region"])
                self._store_object(owner, bucket, head["key"], content)
            except Exception as error:
                # The outermost function of this object's way: whatever it is, the lines stay.
                log.warning("data_capture.retry bucket=%s key=%s error=%s", bucket, head["key"], error)
                refused.add(bucket)
                return
        path.unlink()
