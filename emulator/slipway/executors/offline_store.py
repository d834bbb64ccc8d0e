"""The way of feature records from the journal to S3: Parquet, in AWS's folders, a few seconds later."""

import logging
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from slipway.clock import Clock
from slipway.resources.resource import Owner
from slipway.staging.parquet import WriteParquet
from slipway.staging.s3_uri import S3Uri
from slipway.store.feature_records import Batch, FeatureRecords

log = logging.getLogger(__name__)

# AWS takes up to 15 minutes (developer guide); nobody here waits that long for so little.
FLUSH_SECONDS = 3.0
LONGEST_RETRY_SECONDS = 60.0
# Compose gives this process 15 s; S3 may be away, and what is on disk waits for the next start.
LAST_SECONDS = 5.0
# An object, and so what is on disk and in memory for it.
MOST_ROWS = 50_000
MOST_BYTES = 32 * 1024**2
MICROSECONDS = 1_000_000
HOUR_SECONDS = 3600

# Makes a file an object: owner, file, bucket, key. Any exception means: later, again.
StoreFile = Callable[[Owner, Path, str, str], None]


class OfflineStore:
    """Every record that was acknowledged reaches S3 once, also after `kill -9`.

    A batch is noted before it is stored, with the name of its object: storing
    it a second time after a crash replaces the object by the same rows.
    """

    def __init__(
        self,
        records: FeatureRecords,
        clock: Clock,
        write_parquet: WriteParquet,
        store_file: StoreFile,
        folder: Path,
    ) -> None:
        self._records = records
        self._clock = clock
        self._write_parquet = write_parquet
        self._store_file = store_file
        self._folder = folder
        self._storing = threading.Lock()
        self._bell = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="offline-store", daemon=True)

    def start(self) -> None:
        """Begin to store, with what an earlier process left."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._thread.start()

    def wake(self) -> None:
        """Look now: the clock was moved, or somebody waits."""
        self._bell.set()

    def close(self) -> None:
        """Stop; what is not stored yet is stored after the next start."""
        self._stop.set()
        self._bell.set()
        if self._thread.ident is not None:
            self._thread.join(LAST_SECONDS)

    def flush(self) -> bool:
        """Store everything that is owed now; False where something could not be stored yet."""
        with self._storing:
            # One bucket that is not there must not hold up the others.
            refused: set[str] = set()
            while not self._stop.is_set():
                batch = self._records.next_batch(MOST_ROWS, MOST_BYTES, refused)
                if batch is None:
                    break
                self._store(batch, refused)
            return not refused

    def _run(self) -> None:
        wait = FLUSH_SECONDS
        while not self._stop.is_set():
            self._bell.wait(wait)
            self._bell.clear()
            wait = self._look(wait)

    def _look(self, wait: float) -> float:
        """Do what is to be done now; returns the seconds until the next look."""
        try:
            self._records.purge(round(self._clock.now() * MICROSECONDS))
            return FLUSH_SECONDS if self.flush() else min(wait * 2, LONGEST_RETRY_SECONDS)
        except Exception:
            # The outermost function of this thread: a full disk today, and room tomorrow.
            log.exception("offline_store.failed")
            return LONGEST_RETRY_SECONDS

    def _store(self, batch: Batch, refused: set[str]) -> None:
        destination = batch.destination
        owner = Owner(destination["account_id"], destination["region"])
        place = S3Uri.parse(destination["uri"]).below(object_key(batch))
        file = self._folder / f"{batch.name}.parquet"
        write_us = round(self._clock.now() * MICROSECONDS)
        try:
            self._write_parquet(self._records.lines(batch), destination["features"], write_us, file)
            self._store_file(owner, file, place.bucket, place.key)
        except Exception as error:
            # The outermost function of this object's way: whatever it is, the rows stay.
            log.warning("offline_store.retry uri=%s error=%s", place, error)
            refused.add(batch.generation)
            return
        finally:
            file.unlink(missing_ok=True)
        self._records.stored(batch)


def object_key(batch: Batch) -> str:
    """Where a batch is below its group's folder (developer guide, "offline store data format")."""
    hour = datetime.fromtimestamp(batch.hour * HOUR_SECONDS, UTC)
    last = datetime.fromtimestamp(batch.last_event_us // MICROSECONDS, UTC)
    return f"{hour:year=%Y/month=%m/day=%d/hour=%H}/{last:%Y%m%dT%H%M%SZ}_{batch.name}.parquet"
