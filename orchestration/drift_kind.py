"""What a drill changes. Standard library only."""

from enum import StrEnum


class Kind(StrEnum):
    """What a drill changes."""

    AGE = "age"
    TYPE = "type"
    LABELS = "labels"
    LABELS_MISSING = "labels-missing"
