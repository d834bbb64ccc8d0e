"""A monitoring schedule's record."""

import secrets

from slipway.resources.document import Document
from slipway.resources.resource import Key, Resource

IDENTITY_BYTES = 12  # 24 hexadecimal digits end the names of recorded jobs
INLINE_TYPE = "DataQuality"


def requested(key: Key, config: Document, endpoint_name: str, next_at: float | None, now: float) -> Resource:
    """The schedule as it is when its request has been accepted; it starts its jobs next at `next_at`."""
    document = {
        "MonitoringScheduleName": key.name,
        "MonitoringScheduleArn": key.arn,
        "MonitoringScheduleStatus": "Pending",
        "CreationTime": now,
        "LastModifiedTime": now,
        **shown(config, endpoint_name),
    }
    return Resource(key, now, now, "Pending", document, {"next_at": next_at})


def shown(config: Document, endpoint_name: str) -> Document:
    """What Describe shows of a configuration."""
    return {
        "MonitoringScheduleConfig": config,
        "MonitoringType": monitoring_type(config),
        "EndpointName": endpoint_name,
    }


def monitoring_type(config: Document) -> str:
    """What is monitored; a job that is defined in the schedule itself does data quality."""
    kind: str = config.get("MonitoringType", INLINE_TYPE)
    return kind


def new_identity() -> str:
    """What the jobs of an execution are called by, and nobody else's."""
    return secrets.token_hex(IDENTITY_BYTES)
