"""What AWS allows as tags."""

from collections.abc import Mapping, Sequence

from slipway.errors import ValidationException

LARGEST_NUMBER = 50  # AWS General Reference, "Tag naming limits and requirements"
RESERVED_PREFIX = "aws:"


def checked_tags(tags: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """`tags`, as they came. Raises ValidationException for a key that AWS keeps for itself, or one twice."""
    keys = [tag["Key"] for tag in tags]
    if any(key.lower().startswith(RESERVED_PREFIX) for key in keys):
        raise ValidationException("aws: prefixed tag key names are not allowed for external use.")
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValidationException(f"Duplicate tag keys found: {', '.join(twice)}; give each key once.")
    return tags
