"""What an SDK is asked to do with a feature group: made from a frame, filled, looked up, deleted from."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

# A frame of pandas.
Frame = Any
AT = "2023-11-14T21:00:00Z"
AT_SECONDS = 1_699_995_600.0
HOUR_SECONDS = 3600


class Client(Protocol):
    """A feature group of an SDK's own."""

    def create(self, frame: Frame) -> str:
        """Make the group as the frame's columns are, wait until it is Created; returns its offline URI."""

    def ingest(self, frame: Frame) -> None:
        """Put every row."""

    def record(self, identifier: str) -> dict[str, str]:
        """The features of a record; none where there is none."""

    def delete(self, identifier: str, event_time: str) -> None:
        """Delete a record."""

    def query(self, sql: str, output: str) -> Frame:
        """What a query of the offline store answers; `{table}` in it is the group's table."""

    def training_set(self, base: Frame, output: str) -> Frame:
        """Rows of `id`, `moment` and `label` with the group's newest features before their moments."""

    def groups(self) -> list[str]:
        """The names of groups like this one."""

    def clean_up(self) -> None:
        """Delete the group."""


def frame() -> Frame:
    """A few rows, one for each type of feature."""
    rows = pd.DataFrame(
        {"id": [f"c{n}" for n in range(40)], "orders": range(40), "score": [n / 7 for n in range(40)]}
    )
    rows["at"] = AT
    for column in ("id", "at"):
        rows[column] = rows[column].astype("string")
    return rows


def frame_in_seconds() -> Frame:
    """The same rows with their moments in seconds since 1970.

    The builder of the SDK v3 takes texts of a group for seconds as well (it compares a name with a
    member of an enumeration), which Athena refuses.
    """
    return frame().assign(at=AT_SECONDS)


def later() -> Frame:
    """A row again, with other values, two hours after all the others."""
    rows = frame_in_seconds()[lambda rows: rows["id"] == "c3"]
    return rows.assign(orders=rows["orders"] + 1000, at=rows["at"] + 2 * HOUR_SECONDS)


def moments() -> Frame:
    """Whom a training set asks about, when, and what came of it."""
    rows = {
        # Between the two records of it; before the only one; of one that is deleted; after the only one.
        "id": ["c3", "c4", "c7", "c9"],
        "moment": [f"2023-11-14T{hour}:30:00Z" for hour in (22, 20, 21, 23)],
        "label": [1, 0, 0, 1],
    }
    # Of pandas' types of texts the builders know this one alone.
    return pd.DataFrame(rows).astype({"id": object, "moment": object})


def use(connect: Callable[[str, str], Client]) -> None:
    """Have the client do all of it; what came of it goes as JSON into the file of the last argument."""
    name, bucket, results = sys.argv[1:]
    client = connect(name, bucket)
    rows = frame()
    told: dict[str, Any] = {"uri": client.create(rows)}
    client.ingest(rows)
    told["record"] = client.record("c7")
    client.delete("c7", "2023-11-14T22:00:00Z")
    told["deleted"] = client.record("c7")
    told["groups"] = client.groups()
    told["query"] = asked(client, f"s3://{bucket}/queries")
    told["training_set"] = trained(connect(f"{name}-seconds", bucket), f"s3://{bucket}/queries")
    client.clean_up()
    Path(results).write_text(json.dumps(told), encoding="utf-8")


def asked(client: Client, output: str) -> list[list[Any]]:
    """The newest rows by the guide's own query, asked until the offline store has all that was put."""
    wait_for_rows(client, output, len(frame()) + 1)
    found = client.query(NEWEST, output)
    return [[row.id, int(row.orders), float(row.score)] for row in found.itertuples()]


def trained(client: Client, output: str) -> list[list[Any]]:
    """The training set of `moments`, out of a group of its own."""
    rows = frame_in_seconds()
    client.create(rows)
    client.ingest(rows)
    client.ingest(later())
    client.delete("c7", str(AT_SECONDS + HOUR_SECONDS))
    wait_for_rows(client, output, len(rows) + 2)
    found = client.training_set(moments(), output).sort_values("id")
    client.clean_up()
    # The builder's own names: those of the first group have `.1` behind them.
    wanted = found[["id", "label", "orders.1", "at.1"]].to_numpy().tolist()
    return [[identifier, int(label), int(orders), float(at)] for identifier, label, orders, at in wanted]


def wait_for_rows(client: Client, output: str, count: int) -> None:
    """Wait until the offline store has so many rows."""
    deadline = time.monotonic() + 60
    while True:
        counted = client.query("SELECT count(*) AS n FROM {table}", output)
        if int(counted["n"][0]) >= count:
            return
        assert time.monotonic() < deadline, counted


# Developer guide, "Sample Athena query": the newest of each identifier, unless it was deleted.
NEWEST = """
    SELECT id, orders, score FROM (
        SELECT *, row_number() OVER (
            PARTITION BY id ORDER BY "at" DESC, api_invocation_time DESC, write_time DESC
        ) AS row_number
        FROM {table}
    )
    WHERE row_number = 1 AND NOT is_deleted
    ORDER BY orders
"""
