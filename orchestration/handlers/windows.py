"""A stretch of hours, and the objects of it: what an endpoint captured, and what came true of that.

Both lie below the hour of their event, so what a window needs is known from names alone:
`<captured>/<endpoint>/<variant>/yyyy/mm/dd/hh/` and `<ground truth>/yyyy/mm/dd/hh/`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlparse

MOMENT, HOUR_FOLDER = "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d/%H"
# Rows of days lie below the day that they are of, whenever they came.
DAY_FOLDER = "%Y/%m/%d"
DAY_DEPTH = 3
# Labels lie below the hour at which they came, by the clock of whoever wrote them down, which
# may be behind the endpoint's.
LABELS_EARLIER = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """From `start` up to but without `end`, both UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        """As a message says it."""
        return f"from {moment_text(self.start)} to {moment_text(self.end)}"

    @property
    def last_folder(self) -> str:
        """The folder of its last hour."""
        return (self.end - timedelta(microseconds=1)).strftime(HOUR_FOLDER)


def moment_text(moment: datetime) -> str:
    """A moment as Model Monitor writes it: 2026-01-31T23:00:00Z."""
    return moment.strftime(MOMENT)


def moment_of(text: str) -> datetime:
    """The moment that `moment_text` wrote. Raises ValueError."""
    return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)


def captured_keys(s3: Any, captured_uri: str, endpoint: str, window: Window) -> list[str]:
    """The URIs of the objects that hold an endpoint's calls of `window`, those of every variant."""
    found = []
    for variant in _folders(s3, f"{captured_uri.rstrip('/')}/{endpoint}/"):
        last = f"{variant}{window.last_folder}/"
        for uri in _objects(s3, variant, window.start.strftime(HOUR_FOLDER)):
            # Names are listed in order: what begins with a later hour ends the window.
            if uri[: len(last)] > last:
                break
            found.append(uri)
    return found


def newest_hour(s3: Any, captured_uri: str, endpoint: str) -> datetime | None:
    """The last hour of which an endpoint's calls are captured; None where none are."""
    hours = []
    for variant in _folders(s3, f"{captured_uri.rstrip('/')}/{endpoint}/"):
        folder = variant
        while below := _folders(s3, folder):
            folder = below[-1]
        hours.append(datetime.strptime(folder.removeprefix(variant), f"{HOUR_FOLDER}/").replace(tzinfo=UTC))
    return max(hours, default=None)


def newest_day(s3: Any, rows_uri: str) -> datetime | None:
    """The last day of which rows have come; None where none have.

    Raises ValueError for a folder of no day.
    """
    top = f"{rows_uri.rstrip('/')}/"
    folder = top
    for _ in range(DAY_DEPTH):
        below = _folders(s3, folder)
        if not below:
            return None
        folder = below[-1]
    return datetime.strptime(folder.removeprefix(top), f"{DAY_FOLDER}/").replace(tzinfo=UTC)


def day_keys(s3: Any, rows_uri: str, window: Window) -> list[str]:
    """The URIs of the objects with the rows of the window's days."""
    top = f"{rows_uri.rstrip('/')}/"
    last = f"{top}{(window.end - timedelta(microseconds=1)).strftime(DAY_FOLDER)}/"
    found = []
    for uri in _objects(s3, top, window.start.strftime(DAY_FOLDER)):
        if uri[: len(last)] > last:
            break
        found.append(uri)
    return found


def label_keys(s3: Any, ground_truth_uri: str, start: datetime) -> list[str]:
    """The URIs of the objects whose labels may be of calls since `start`: labels come late."""
    earliest = (start - LABELS_EARLIER).strftime(HOUR_FOLDER)
    return list(_objects(s3, f"{ground_truth_uri.rstrip('/')}/", earliest))


def write_manifest(s3: Any, uri: str, prefix_uri: str, keys: Iterable[str]) -> str:
    """Write a ManifestFile of objects below `prefix_uri`, and return where it is.

    The job that reads it gets each as a file whose path is what follows the prefix.
    """
    names = [key.removeprefix(prefix_uri) for key in keys]
    place = urlparse(uri)
    s3.put_object(
        Bucket=place.netloc,
        Key=place.path.lstrip("/"),
        Body=json.dumps([{"prefix": prefix_uri}, *names]).encode(),
        ContentType="application/json",
    )
    return uri


def objects_below(s3: Any, uri: str) -> list[str]:
    """The URIs of the objects below a folder, in the order of their names."""
    return list(_objects(s3, uri, ""))


def _folders(s3: Any, uri: str) -> list[str]:
    place = urlparse(uri)
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=place.netloc, Prefix=place.path.lstrip("/"), Delimiter="/"
    )
    found = (folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", []))
    return [f"s3://{place.netloc}/{prefix}" for prefix in found]


def _objects(s3: Any, uri: str, first_folder: str) -> Iterator[str]:
    """The objects below `uri`, in the order of their names, those before `first_folder` left out."""
    place = urlparse(uri)
    prefix = place.path.lstrip("/")
    # Of the folder's own objects each is after the folder's name.
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=place.netloc, Prefix=prefix, StartAfter=f"{prefix}{first_folder}"
    )
    for page in pages:
        for item in page.get("Contents", []):
            yield f"s3://{place.netloc}/{item['Key']}"
