"""JSON objects of S3 that steps read: property files, and what Std:JsonGet names."""

import json
from collections.abc import Callable
from functools import partial

from slipway.executors.pipeline.errands import Errands
from slipway.pipelines.expressions import ExpressionError
from slipway.resources.resource import Key, Owner
from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3Clients
from slipway.staging.s3_uri import S3Uri


class Documents:
    """Reads objects aside, each once for a step."""

    def __init__(self, s3_clients: S3Clients, errands: Errands, wake: Callable[[Key], None]) -> None:
        self._s3_clients = s3_clients
        self._errands = errands
        self._wake = wake

    def reader(self, owner: Owner, step: Key, execution: Key) -> Callable[[str], object]:
        """What reads objects for a step. Raises PendingError while one is under way, and ExpressionError."""

        def read(s3_uri: str) -> object:
            return self._errands.outcome(
                step, s3_uri, partial(self._read, owner, s3_uri), partial(self._wake, execution)
            )

        return read

    def _read(self, owner: Owner, s3_uri: str) -> object:
        try:
            place = S3Uri.parse(s3_uri)
            content = self._s3_clients.of(owner).read(place.bucket, place.key)
        except StagingError as error:
            raise ExpressionError(f"{s3_uri} cannot be read: {error}") from error
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ExpressionError(f"{s3_uri} is not JSON: {error}") from error
