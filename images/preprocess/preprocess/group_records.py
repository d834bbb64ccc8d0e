"""What a feature group is filled with: records of a key and columns, all of them known beforehand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

EVENT_TIME = "event_time"


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One record: its key, and a text for each column."""

    key: str
    columns: tuple[str, ...]


class GroupRecords(Protocol):
    """Records in an order that stays the same; other records are another group's."""

    @property
    def key_name(self) -> str:
        """The feature that is the record identifier, a String."""

    @property
    def feature_types(self) -> Mapping[str, str]:
        """The columns' names and types, in their order; key and event time are not among them."""

    @property
    def description(self) -> str:
        """What the group is said to hold."""

    @property
    def source(self) -> str:
        """What the records are made of, as messages name it."""

    def group_name(self, prefix: str) -> str:
        """The group of these records."""

    def __len__(self) -> int:
        """How many there are."""

    def __iter__(self) -> Iterator[GroupRecord]:
        """Each of them."""
