"""Resources as rows of the database, and back."""

import json
import sqlite3
from dataclasses import replace

from slipway.resources.lifecycle import STATUS_MEMBER
from slipway.resources.resource import Key, Kind, Owner, Resource

IDENTITY = "account_id = ? AND region = ? AND kind = ? AND name = ?"


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give a database of an earlier version what it lacks."""
    columns = {row["name"] for row in connection.execute("PRAGMA table_info(outbox)")}
    if "source" not in columns:
        connection.execute("ALTER TABLE outbox ADD COLUMN source TEXT NOT NULL DEFAULT 'aws.sagemaker'")


def identity(key: Key) -> list[str]:
    """The values of IDENTITY."""
    return [key.owner.account_id, key.owner.region, key.kind.value, key.name]


def is_visible(before: Resource, after: Resource) -> bool:
    """Whether a client can see the difference."""
    return (before.status, before.document) != (after.status, after.document)


def stamped(resource: Resource, moment: float) -> Resource:
    """A changed resource with its status and the moment of the change where Describe shows them."""
    document = resource.document
    member = STATUS_MEMBER.get(resource.key.kind)
    if member is not None:
        document = {**document, member: resource.status}
    if "LastModifiedTime" in document:
        document = {**document, "LastModifiedTime": moment}
    return replace(resource, modified_at=moment, document=document)


def resource_of(row: sqlite3.Row) -> Resource:
    """The resource in a row of COLUMNS."""
    return Resource(
        key=Key(Owner(row["account_id"], row["region"]), Kind(row["kind"]), row["name"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        status=row["status"],
        document=json.loads(row["document"]),
        internal=json.loads(row["internal"]),
    )
