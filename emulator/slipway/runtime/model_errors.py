"""A container's failure in AWS's words, as public issue reports have recorded them."""

from slipway.errors import ModelError
from slipway.resources.resource import Key

# ModelError's OriginalMessage holds no more.
LONGEST_MESSAGE = 2048


def model_error(key: Key, container: str, status: int, message: str | None) -> ModelError:
    """The error of an endpoint's container; `message` is None where it is no text, or too long."""
    owner = key.owner
    group = f"/aws/sagemaker/Endpoints/{key.name}"
    whose = "client" if 400 <= status < 500 else "server"
    said = (
        f'with message "{message}". '
        if message is not None
        else "and could not load the entire response body. "
    )
    return ModelError(
        f"Received {whose} error ({status}) from {container} {said}"
        f"See https://{owner.region}.console.aws.amazon.com/cloudwatch/home?region={owner.region}"
        f"#logEventViewer:group={group} in account {owner.account_id} for more information.",
        status,
        message or "",
        f"arn:aws:logs:{owner.region}:{owner.account_id}:log-group:{group}",
    )


def text_of(body: bytes) -> str | None:
    """A body that can be quoted; None for one that cannot."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if len(text) <= LONGEST_MESSAGE else None
