"""A processing job's outputs, on their way to S3."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from slipway.resources.document import Document
from slipway.staging.errors import StagingError
from slipway.staging.files import FoundFile, regular_files
from slipway.staging.s3 import S3
from slipway.staging.s3_uri import S3Uri
from slipway.staging.uploads import store, store_all

log = logging.getLogger(__name__)

# How long a file must have stayed as it is before it is stored while the job runs.
STABLE_SECONDS = 1.0


def upload_output(s3: S3, output: Document, roots: Sequence[Path]) -> None:
    """Store the files below `roots`, each a host's folder mounted at the output's LocalPath.

    Links are not followed. Of two files with one path the later host's stays. An output that the
    application manages is left to it. Raises StagingError.
    """
    uri = target_of(output)
    if uri is None:
        return
    for root in roots:
        store_all(s3, root, regular_files(root), uri)


def target_of(output: Document) -> S3Uri | None:
    """Where an output goes; None where that is the application's business. Raises StagingError."""
    if output.get("AppManaged"):
        return None
    if "S3Output" not in output:
        raise StagingError(
            f"ClientError: Processing output {output['OutputName']}: FeatureStoreOutput is not implemented "
            "here; use S3Output."
        )
    return S3Uri.parse(output["S3Output"]["S3Uri"])


class ContinuousUpload:
    """Stores an output's files while the job runs, each once it has been stable; a thread of its own.

    Used with `with`; leaving it stops the thread, and the caller then stores
    everything once more with `upload_output`.
    """

    def __init__(
        self, s3: S3, output: Document, roots: Sequence[Path], stable_seconds: float = STABLE_SECONDS
    ) -> None:
        self._s3 = s3
        self._uri = target_of(output)
        self._roots = roots
        self._stable_seconds = stable_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="continuous-upload", daemon=True)
        self._seen: set[tuple[Path, FoundFile]] = set()
        self._stored: set[tuple[Path, FoundFile]] = set()

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop; what is being stored is finished first."""
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Store what is as it was at the last look and has not been stored like that."""
        if self._uri is None:
            return
        seen = {(root, file) for root in self._roots for file in regular_files(root)}
        for root, file in sorted((seen & self._seen) - self._stored, key=lambda each: each[1].path):
            try:
                store(self._s3, root, file.path, self._uri)
            except (StagingError, OSError) as error:
                # The job goes on; the next look, or the last upload, tries again and reports.
                log.warning("continuous_upload.failed path=%s error=%s", file.path, error)
            else:
                self._stored.add((root, file))
        self._stored &= seen
        self._seen = seen

    def _run(self) -> None:
        while not self._ended.wait(self._stable_seconds):
            self.look()
