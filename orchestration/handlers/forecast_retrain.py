"""Decides about violations as for any project; a retraining is made of the rows that came since."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestration.handlers.retrain import Document, answered
from orchestration.handlers.versions import NothingToTrainOnError, Versions
from orchestration.handlers.windows import Window, day_keys, write_manifest

# Later rows of a series and day replace earlier ones, so none that came is left out.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def handler(event: Document, _context: object) -> Document:
    """The entry point: what was done and why, which is also the line in the log."""
    return answered(event, os.environ, rows_since)


def rows_since(
    sagemaker: Any, s3: Any, environ: Mapping[str, str], execution_id: str, end: datetime
) -> Document:
    """URIs of the rows that were first trained on, and of a manifest of those that came up to `end`.

    Raises NothingToTrainOnError, and KeyError for a variable that is missing.
    """
    actuals_uri = environ["ACTUALS_URI"]
    rows = day_keys(s3, actuals_uri, Window(EARLIEST, end))
    if not rows:
        raise NothingToTrainOnError(
            f"Job inputs had no data: {actuals_uri} holds no rows before {end:%Y-%m-%d}"
        )
    names = ("MODEL_PACKAGE_GROUP_NAME", "TRAINING_PIPELINE_NAME")
    versions = Versions(sagemaker, s3, *(environ[name] for name in names))
    folder = f"{environ['WINDOWS_URI']}/{execution_id}"
    return {
        "base": versions.base_rows(versions.newest_first(), folder),
        "actuals": write_manifest(s3, f"{folder}/actuals.manifest", f"{actuals_uri}/", rows),
    }
