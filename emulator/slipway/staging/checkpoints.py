"""Checkpoints: restored before a training job starts, mirrored to S3 while it runs."""

import logging
import threading
from pathlib import Path
from typing import Self

from slipway.staging.downloads import bring
from slipway.staging.errors import StagingError
from slipway.staging.files import FoundFile, emptied, regular_files
from slipway.staging.s3 import S3
from slipway.staging.s3_uri import S3Uri
from slipway.staging.sources import Source
from slipway.staging.uploads import store

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


def restore(s3: S3, checkpoint_uri: str, target: Path) -> None:
    """Bring earlier checkpoints into the folder `target`; none is no error. Raises StagingError."""
    uri = S3Uri.parse(checkpoint_uri).below("")
    found = [
        Source(uri.bucket, each.key, uri.relative(each.key))
        for each in s3.objects(uri.bucket, uri.key)
        if not each.key.endswith("/")
    ]
    bring(s3, found, emptied(target))


class CheckpointMirror:
    """Keeps S3 as the folder is, deletions included, while the job runs; a thread of its own.

    Used with `with`; leaving it mirrors once more, and raises StagingError where that fails. Of what
    lies in S3 only that is ever removed which was in the folder and is no longer.
    """

    def __init__(self, s3: S3, folder: Path, checkpoint_uri: str, look_seconds: float = LOOK_SECONDS) -> None:
        self._s3 = s3
        self._folder = folder
        self._uri = S3Uri.parse(checkpoint_uri)
        self._look_seconds = look_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        # What was restored is in S3 already, and may be removed with its file.
        self._seen: set[FoundFile] = set(regular_files(folder))
        self._stored: set[FoundFile] = set()
        self._paths: set[str] = {file.path for file in self._seen}

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop, and leave S3 as the folder is now. Raises StagingError."""
        self._ended.set()
        self._thread.join()
        now = set(regular_files(self._folder))
        self._mirror(now, now)

    def look(self) -> None:
        """Store what is as it was at the last look, remove what is gone. Raises StagingError."""
        now = set(regular_files(self._folder))
        self._mirror(now, now & self._seen)
        self._seen = now

    def _mirror(self, now: set[FoundFile], stable: set[FoundFile]) -> None:
        for file in sorted(stable - self._stored, key=lambda each: each.path):
            try:
                store(self._s3, self._folder, file.path, self._uri)
            except OSError as error:
                log.info("checkpoint.changed path=%s error=%s", file.path, error)
            else:
                self._stored.add(file)
        paths = {file.path for file in now}
        gone = self._paths - paths
        self._s3.delete(self._uri.bucket, [self._uri.below(path).key for path in sorted(gone)])
        self._paths = paths
        self._stored &= now

    def _run(self) -> None:
        while not self._ended.wait(self._look_seconds):
            try:
                self.look()
            except StagingError as error:
                # The next look tries again, and the last one reports.
                log.warning("checkpoint.failed folder=%s error=%s", self._folder, error)
