"""Functions on their way: code unpacked, image found, and only then active."""

import logging
import shutil
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from slipway.clock import Clock
from slipway.errors import FunctionParameterError
from slipway.executors.function_containers import code_folder, function_folder
from slipway.resources.function import Code, activated, code_of, failed, is_settled, live_function
from slipway.resources.resource import Key, Kind, Resource
from slipway.staging.function_code import unpack
from slipway.store.store import Store

log = logging.getLogger(__name__)


class FunctionExecutor:
    """Makes the configuration and the code that a function's row shows those that run."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        jobs_dir: Path,
        find_image: Callable[[str], str | None],
        retire: Callable[[Key, str | None], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._jobs_dir = jobs_dir
        self._find_image = find_image
        self._retire = retire

    def carry_out(self, key: Key) -> None:
        """Bring a function to where nothing is on its way; one that is gone leaves nothing."""
        function = self._store.get(key)
        if function is None:
            self._retire(key, None)
            self._forget(key)
            return
        if is_settled(function):
            return
        try:
            self._prepare(key, code_of(function))
        except FunctionParameterError as error:
            self.fail(key, str(error))
            return
        revision = function.document["RevisionId"]
        active = self._store.transition(key, lambda now: self._activated(now, revision))
        live = live_function(active)
        if live is not None:
            self._retire(key, live.revision)
            self._forget_older_code(key)
        log.info("function.active arn=%s", key.arn)

    def fail(self, key: Key, reason: str) -> None:
        """End what is on its way without success."""
        self._store.transition(key, lambda function: failed(function, reason, self._clock.now()))

    def _prepare(self, key: Key, code: Code) -> None:
        if code.archive is not None:
            unpack(code_folder(self._jobs_dir, key, code.archive))
        elif code.image_uri is None or self._find_image(code.image_uri) is None:
            raise FunctionParameterError(f"Source image {code.image_uri} does not exist any more.")

    def _activated(self, function: Resource, revision: str) -> Resource:
        # Somebody may have asked for more meanwhile: then this is not what is to run.
        is_same = function.document["RevisionId"] == revision
        return activated(function, self._clock.now()) if is_same else function

    def _forget(self, key: Key) -> None:
        """Remove the files of a function that is gone, and not those of another that has its name now."""
        with self._store.all_or_nothing():
            if self._store.get(key) is None:
                self._remove(function_folder(self._jobs_dir, key))

    def _forget_older_code(self, key: Key) -> None:
        # Archives are kept in the transaction in which a row comes to name them.
        with self._store.all_or_nothing():
            function = self._store.get(key)
            if function is None or not is_settled(function):
                return
            folder = function_folder(self._jobs_dir, key) / "code"
            for archive in folder.iterdir() if folder.is_dir() else ():
                if archive.name != code_of(function).archive:
                    self._remove(archive)

    def _remove(self, folder: Path) -> None:
        """Have a folder gone at once, and what was in it a little later."""
        if folder.is_dir():
            gone = self._jobs_dir / Kind.FUNCTION.value / f".gone-{uuid.uuid4().hex}"
            folder.rename(gone)
            threading.Thread(target=shutil.rmtree, args=(gone, True), name="function-files").start()
