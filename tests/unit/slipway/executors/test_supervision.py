"""What ends the containers of a job early, and what their ends mean."""

import pytest
from slipway.executors.supervision import LostError, cause_to_end, judged
from slipway.resources.document import Document
from slipway.resources.outcome import Cause, Exit
from slipway.resources.resource import Key, Kind, Owner, Resource

KEY = Key(Owner("123456789012", "eu-west-1"), Kind.TRAINING_JOB, "t")


@pytest.mark.parametrize(
    ("status", "has_failed_host", "is_over_time", "cause"),
    [
        ("InProgress", False, False, None),
        ("Stopping", False, False, Cause.STOPPED),
        ("InProgress", False, True, Cause.TIME_LIMIT),
        # Who was asked to stop in time stops, whatever the clock says by now.
        ("Stopping", False, True, Cause.STOPPED),
        # What failed by itself has failed.
        ("InProgress", True, False, Cause.EXITED),
        ("Stopping", True, True, Cause.EXITED),
    ],
)
def test_the_cause_is_the_first_that_counts(
    status: str, has_failed_host: bool, is_over_time: bool, cause: Cause | None
) -> None:
    job = Resource(KEY, 1.0, 1.0, status)

    assert cause_to_end(job, has_failed_host, is_over_time) is cause


WATCHED_SINCE = 100.0
FAILED_AT_101: Document = {"cause": "exited", "at": 101.0}


def ended(host: str, code: int, moment: float, is_out_of_memory: bool = False) -> Exit:
    return Exit(host, code, moment, is_out_of_memory)


@pytest.mark.parametrize("code", [137, 143, 255])
@pytest.mark.parametrize("signalled", [None, FAILED_AT_101])
def test_what_was_ended_while_nobody_watched_is_lost_and_has_not_failed(
    code: int, signalled: Document | None
) -> None:
    # The look at the row may come between a container's end and the look at all of them.
    with pytest.raises(LostError):
        judged([ended("algo-1", code, 99.0)], signalled, WATCHED_SINCE)


@pytest.mark.parametrize(
    ("exits", "signalled", "cause"),
    [
        ([ended("algo-1", 3, 99.0)], None, Cause.EXITED),
        ([ended("algo-1", 137, 100.5)], None, Cause.EXITED),
        ([ended("algo-1", 137, 99.0, is_out_of_memory=True)], None, Cause.EXITED),
        # A process before this one ended the peers of a host that had failed.
        (
            [ended("algo-1", 3, 90.0), ended("algo-2", 143, 92.0)],
            {"cause": "exited", "at": 91.0},
            Cause.EXITED,
        ),
        ([ended("algo-1", 137, 99.0)], {"cause": "stopped", "at": 98.0}, Cause.STOPPED),
        ([ended("algo-1", 143, 99.0)], {"cause": "time-limit", "at": 98.0}, Cause.TIME_LIMIT),
    ],
)
def test_what_was_seen_or_our_own_doing_is_taken_for_what_it_is(
    exits: list[Exit], signalled: Document | None, cause: Cause
) -> None:
    assert judged(exits, signalled, WATCHED_SINCE).cause is cause
