"""The hours that a monitor looks at, and the objects of them: captured requests, labels, manifests."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlparse

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# The folders of an hour, which both kinds of objects have (contracts of capture and ground truth).
HOUR_FOLDER = "%Y/%m/%d/%H"


@dataclass(frozen=True)
class Window:
    """From `start` until before `end`, both full hours of UTC."""

    start: datetime
    end: datetime


def captured_keys(s3: Any, captured_uri: str, endpoint: str, window: Window) -> list[str]:
    """URIs of what an endpoint's variants have captured in the window, in their order."""
    folder = f"{captured_uri}/{endpoint}/"
    # <variant>/yyyy/mm/dd/hh/<object>
    found = ((uri, moment_of(uri.removeprefix(folder).split("/")[1:5])) for uri in objects_below(s3, folder))
    return [uri for uri, moment in found if moment is not None and window.start <= moment < window.end]


def label_keys(s3: Any, ground_truth_uri: str, start: datetime) -> list[str]:
    """URIs of labels that may be about a request from `start` on, in their order.

    A label's hour is that in which it came, by the clock of whoever took it, and may be any
    later one. A day is allowed for clocks that differ.
    """
    folder = f"{ground_truth_uri}/"
    found = ((uri, moment_of(uri.removeprefix(folder).split("/")[:4])) for uri in objects_below(s3, folder))
    return [uri for uri, moment in found if moment is not None and moment >= start - DAY]


def write_manifest(s3: Any, uri: str, prefix_uri: str, keys: Iterable[str]) -> str:
    """Store a ManifestFile of the objects, whose URIs begin with `prefix_uri`; returns its URI.

    What follows `prefix_uri` is an object's path where a job reads it (API reference, S3DataSource).
    """
    place = urlparse(uri)
    entries = [{"prefix": prefix_uri}, *(key.removeprefix(prefix_uri) for key in keys)]
    s3.put_object(Bucket=place.netloc, Key=place.path.lstrip("/"), Body=json.dumps(entries).encode())
    return uri


def objects_below(s3: Any, uri: str) -> Iterator[str]:
    """URIs of all objects below `uri`, in the order of their keys."""
    place = urlparse(uri)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place.netloc, Prefix=place.path.lstrip("/"))
    for page in pages:
        for item in page.get("Contents", []):
            yield f"s3://{place.netloc}/{item['Key']}"


def moment_of(parts: list[str]) -> datetime | None:
    """The hour that the folders yyyy, mm, dd, hh name; None where they name none."""
    try:
        return datetime.strptime("/".join(parts), HOUR_FOLDER).replace(tzinfo=UTC)
    except ValueError:
        return None
