"""What ends the containers of a job early."""

import pytest
from slipway.executors.supervision import cause_to_end
from slipway.resources.outcome import Cause
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
