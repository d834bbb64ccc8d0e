"""S3's events for EventBridge, as AWS has them."""

import json
from urllib.parse import unquote

from localstack.aws.api.events import PutEventsRequestEntry
from localstack.services.s3.notifications import (
    EventBridgeNotifier,
    NotificationDispatcher,
    S3EventNotificationContext,
)

# The call that made an object (S3 user guide, "Amazon S3 event notification types for EventBridge"),
# by the end of the type that the other notifications have.
REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
}
CREATED = "Object Created"


class ObjectEventNotifier(EventBridgeNotifier):
    """Names an object by its key; LocalStack's own gives it escaped, as only the other notifications do."""

    @staticmethod
    def _get_event_payload(
        ctx: S3EventNotificationContext, config_id: str | None = None
    ) -> PutEventsRequestEntry:
        entry = EventBridgeNotifier._get_event_payload(ctx, config_id)
        detail = json.loads(entry["Detail"])
        described = detail["object"]
        described["key"] = unquote(ctx.key_name)
        if "sequencer" in described:
            # Later is greater, as text and as a number; LocalStack's own is the same for all.
            described["sequencer"] = f"{int(ctx.event_time.timestamp() * 1_000_000):018X}"
        if entry["DetailType"] == CREATED:
            detail["reason"] = REASONS.get(ctx.event_type.rpartition(":")[2], detail["reason"])
        return entry | {"Detail": json.dumps(detail)}


def notify_as_aws_does() -> None:
    """Use the notifier above in LocalStack's S3."""
    NotificationDispatcher.notifiers["EventBridgeConfiguration"] = ObjectEventNotifier()
