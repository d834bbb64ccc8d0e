"""How the containers of a job came to their end."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from slipway.resources.document import Document

# FailureReason's length in the model.
LONGEST_REASON = 1024


class Cause(StrEnum):
    """Why nothing runs any more."""

    EXITED = "exited"
    STOPPED = "stopped"
    TIME_LIMIT = "time-limit"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exit codes by host, and who or what ended them; no codes where nothing ever ran."""

    cause: Cause
    exit_codes: dict[str, int]
    # The first host that failed by itself; what others do afterwards is its consequence.
    failed_host: str | None = None
    is_out_of_memory: bool = False

    @property
    def is_failure(self) -> bool:
        """Whether a program failed by itself."""
        return self.cause is Cause.EXITED and self.failed_host is not None

    @property
    def is_success(self) -> bool:
        """Whether every program ended well by itself."""
        return self.cause is Cause.EXITED and self.failed_host is None

    def to_document(self) -> Document:
        """As it is kept."""
        return {
            "cause": self.cause.value,
            "exit_codes": self.exit_codes,
            "failed_host": self.failed_host,
            "is_out_of_memory": self.is_out_of_memory,
        }

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """As it was kept."""
        return cls(
            Cause(document["cause"]),
            document["exit_codes"],
            document["failed_host"],
            document["is_out_of_memory"],
        )


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of one host's container; `moment` is seconds since 1970."""

    host: str
    exit_code: int
    moment: float
    is_out_of_memory: bool


def outcome_of(cause: Cause, exits: Iterable[Exit]) -> Outcome:
    """What the ends of all containers come to: the first failure is the job's."""
    by_time = sorted(exits, key=lambda each: each.moment)
    first_failed = next((each for each in by_time if each.exit_code != 0), None)
    return Outcome(
        cause=cause,
        exit_codes={each.host: each.exit_code for each in by_time},
        failed_host=first_failed.host if first_failed else None,
        is_out_of_memory=first_failed is not None and first_failed.is_out_of_memory,
    )


def algorithm_error(text: str, exit_code: int) -> str:
    """The reason of a program's own failure: the head of what it said, and its exit code.

    The form is that of recorded jobs (contracts, 1.6): the code is there
    however long the text.
    """
    ending = f", exit code: {exit_code}"
    return f"AlgorithmError: {text.strip()}"[: LONGEST_REASON - len(ending)] + ending
