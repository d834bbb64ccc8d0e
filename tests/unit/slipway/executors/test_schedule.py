"""What fires when, over moved clocks and ended processes, and what becomes of what fails."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slipway.executors.firing import pause_before
from slipway.resources.document import Document
from slipway.resources.resource import Owner

from tests.support.containers import wait_until
from tests.support.control_plane import ACCOUNT, REGION, MovableClock
from tests.support.schedules import (
    LETTERS_ARN,
    QUEUE_ARN,
    ROLE_ARN,
    Plane,
    nobody_there,
    refusal,
    service_error,
)

HOURLY = "cron(0 * * * ? *)"
HOUR = 3600.0
# 2023-11-14T22:13:20Z, where the plane's clock begins.
BEGIN = 1_700_000_000.0
FIRST_HOUR = 1_700_002_800.0
PIPELINE_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/bank"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"
BUS_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"


@pytest.fixture
def plane(tmp_path: Path) -> Plane:
    return Plane(tmp_path)


def written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bodies(plane: Plane, count: int) -> list[str]:
    return [document["MessageBody"] for _, _, _, document in plane.services.wait_for(count)]


def wait_until_idle(plane: Plane) -> None:
    """Return once all that is due has come to its end."""
    wait_until(lambda: True if not plane.firings.due(plane.clock.now()) else None, "all firings to end")


def test_forty_eight_hours_that_pass_at_once_fire_forty_eight_times_in_order(plane: Plane) -> None:
    plane.create("hourly", HOURLY)

    with plane.running() as executor:
        plane.clock.move(48 * HOUR)
        executor.ring()
        found = bodies(plane, 48)
        wait_until_idle(plane)

    assert found == [written(FIRST_HOUR + number * HOUR) for number in range(48)]
    assert len(plane.services.calls) == 48


def test_schedules_fire_in_the_order_of_their_times(plane: Plane) -> None:
    plane.create("odd", "cron(30 * * * ? *)")
    plane.create("even", HOURLY)
    plane.clock.move(3 * HOUR)

    assert plane.executor().record_due(plane.clock.now()) is False

    with plane.store.all_or_nothing() as connection:
        rows = connection.execute("SELECT name, scheduled_at FROM firings ORDER BY id").fetchall()
    assert [row["scheduled_at"] for row in rows] == sorted(row["scheduled_at"] for row in rows)
    assert [row["name"].rpartition("/")[2] for row in rows] == ["odd", "even"] * 3


def test_what_a_process_recorded_the_next_one_delivers(plane: Plane) -> None:
    plane.create("hourly", HOURLY)
    plane.clock.move(48 * HOUR)
    # The process ends here: what it would have done next, nobody does.
    plane.executor().record_due(plane.clock.now())

    with plane.running():
        found = bodies(plane, 48)
        wait_until_idle(plane)

    assert sorted(set(found)) == sorted(found)
    assert len(plane.services.calls) == 48


def test_what_came_due_while_nobody_was_there_fires_after_the_start(plane: Plane) -> None:
    plane.create("hourly", HOURLY)
    plane.clock.move(3 * HOUR)

    with plane.running():
        assert bodies(plane, 3) == [written(FIRST_HOUR + number * HOUR) for number in range(3)]


def test_more_than_one_transaction_holds_are_all_fired(plane: Plane) -> None:
    plane.create("s", "rate(1 minute)")
    plane.clock.move(500 * 60)

    with plane.running():
        found = bodies(plane, 501)

    assert found == [written(BEGIN + number * 60) for number in range(501)]


def test_a_rate_fires_at_once_when_it_is_created(plane: Plane) -> None:
    with plane.running():
        plane.create("s", "rate(1 hour)")

        assert bodies(plane, 1) == [written(BEGIN)]


def test_a_disabled_schedule_does_not_fire_and_makes_up_for_nothing(plane: Plane) -> None:
    plane.create("s", HOURLY, State="DISABLED")

    with plane.running() as executor:
        plane.clock.move(2 * HOUR)
        update(plane, "s", HOURLY)
        plane.clock.move(HOUR)
        executor.ring()
        found = bodies(plane, 1)
        wait_until_idle(plane)

    assert found == [written(FIRST_HOUR + 2 * HOUR)]
    assert len(plane.services.calls) == 1


def update(plane: Plane, name: str, expression: str, **members: Any) -> None:
    """Ask for a schedule to be as it is, but for this."""
    target = plane.scheduler.get_schedule(Name=name)["Target"]
    request = {"Name": name, "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"}}
    plane.scheduler.update_schedule(**request | {"Target": target} | members)


def test_an_update_does_not_fire_a_time_twice(plane: Plane) -> None:
    at = datetime.fromtimestamp(BEGIN + 60, UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")
    plane.create("s", at)
    plane.clock.move(60)
    with plane.running():
        plane.services.wait_for(1)
        wait_until_idle(plane)

    # Within the very second.
    update(plane, "s", at)

    assert plane.firings.next_planned() is None


def planned_at(plane: Plane) -> float:
    planned = plane.firings.next_planned()
    assert planned is not None
    return planned[1]


def test_a_rate_goes_on_counting_over_an_update_of_something_else(plane: Plane) -> None:
    plane.create("s", "rate(1 hour)")
    plane.clock.move(600)
    plane.executor().record_due(plane.clock.now())

    update(plane, "s", "rate(1 hour)", Description="changed")
    assert planned_at(plane) == BEGIN + HOUR

    update(plane, "s", "rate(2 hours)")
    assert planned_at(plane) == BEGIN + 600


def test_what_has_fired_is_delivered_as_the_schedule_was(plane: Plane) -> None:
    plane.create("s", HOURLY)
    plane.clock.move(HOUR)
    plane.executor().record_due(plane.clock.now())
    update(plane, "s", HOURLY, Target={"Arn": QUEUE_ARN, "RoleArn": ROLE_ARN, "Input": "changed"})

    with plane.running():
        assert bodies(plane, 1) == [written(FIRST_HOUR)]


def test_a_deleted_schedule_delivers_nothing_more(plane: Plane) -> None:
    plane.create("gone", HOURLY)
    plane.create("there", HOURLY)
    plane.clock.move(HOUR)
    plane.executor().record_due(plane.clock.now())
    plane.scheduler.delete_schedule(Name="gone")

    with plane.running():
        plane.services.wait_for(1)
        wait_until_idle(plane)

    assert len(plane.services.calls) == 1


def test_a_window_delays_the_delivery_and_not_the_time(plane: Plane) -> None:
    arn = plane.create("s", HOURLY, FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30})
    plane.clock.move(FIRST_HOUR - BEGIN)
    plane.executor().record_due(plane.clock.now())
    due = plane.firings.next_due(plane.clock.now())
    assert due is not None
    assert FIRST_HOUR < due < FIRST_HOUR + 1800

    with plane.running() as executor:
        plane.clock.move(due - FIRST_HOUR - 1)
        executor.ring()
        assert plane.firings.due(plane.clock.now()) == []
        plane.clock.move(1)
        executor.ring()

        assert bodies(plane, 1) == [written(FIRST_HOUR)], arn


# -- what is over ---------------------------------------------------------------------


def test_a_schedule_that_is_over_goes_where_that_is_wanted(plane: Plane) -> None:
    at = datetime.fromtimestamp(BEGIN + 60, UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")
    plane.create("goes", at, ActionAfterCompletion="DELETE")
    plane.create("stays", at)
    plane.create("goes-on", HOURLY, ActionAfterCompletion="DELETE")

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        plane.services.wait_for(3)
        wait_until_idle(plane)

    names = [each["Name"] for each in plane.scheduler.list_schedules()["Schedules"]]
    assert names == ["goes-on", "stays"]


def test_a_recurring_schedule_is_over_after_its_last_time(plane: Plane) -> None:
    plane.create("s", HOURLY, EndDate=FIRST_HOUR + 2 * HOUR, ActionAfterCompletion="DELETE")

    with plane.running() as executor:
        plane.clock.move(48 * HOUR)
        executor.ring()
        assert len(bodies(plane, 3)) == 3
        wait_until_idle(plane)

    assert plane.scheduler.list_schedules()["Schedules"] == []


# -- what fails -----------------------------------------------------------------------


def failing(error: Exception, times: int) -> Any:
    """Fails so many calls that are not to the dead-letter queue."""
    left = [times]

    def fail(_service: str, _operation: str, document: Document) -> Exception | None:
        if "MessageAttributes" in document or not left[0]:
            return None
        left[0] -= 1
        return error

    return fail


def attributes(document: Document) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in document["MessageAttributes"].items()}


@pytest.mark.parametrize(
    "error", [nobody_there(), refusal("InternalFailure", 500), refusal("Throttling", 400)]
)
def test_what_may_pass_is_tried_again(plane: Plane, error: Exception) -> None:
    plane.create("s", HOURLY, Target={"Input": "<aws.scheduler.attempt-number>"})
    plane.services.failing = failing(error, 2)

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        found = bodies(plane, 3)
        wait_until_idle(plane)

    assert found == ["1", "2", "3"]


def test_those_behind_what_failed_are_not_kept_waiting(plane: Plane) -> None:
    plane.create("s", HOURLY)
    plane.services.failing = failing(nobody_there(), 1)

    with plane.running() as executor:
        plane.clock.move(2 * HOUR)
        executor.ring()
        found = bodies(plane, 3)

    first, second = written(FIRST_HOUR), written(FIRST_HOUR + HOUR)
    assert found == [first, second, first]


def test_a_refusal_is_not_tried_again_and_the_letter_says_why(plane: Plane) -> None:
    arn = plane.create("s", HOURLY, Target={"DeadLetterConfig": {"Arn": LETTERS_ARN}})
    code = "AWS.SimpleQueueService.NonExistentQueue"
    plane.services.failing = failing(refusal(code, 400, "The specified queue does not exist."), 1)

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        (_, _, _, request), (service, operation, owner, letter) = plane.services.wait_for(2)
        wait_until_idle(plane)

    # The attributes of "Configuring a schedule's dead-letter queue" (User Guide).
    told = attributes(letter)
    execution_id = told.pop("EXECUTION_ID")
    assert len(execution_id) == 16
    assert told == {
        "ERROR_CODE": code,
        "ERROR_MESSAGE": "The specified queue does not exist.",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": written(FIRST_HOUR),
        "SCHEDULE_ARN": arn,
        "TARGET_ARN": QUEUE_ARN,
    }
    assert json.loads(letter["MessageBody"]) == request
    assert letter["QueueUrl"].endswith("/letters")
    assert (service, operation, owner) == ("sqs", "SendMessage", Owner(ACCOUNT, REGION))
    assert len(plane.services.calls) == 2


def test_the_number_of_attempts_has_an_end(plane: Plane) -> None:
    policy = {"RetryPolicy": {"MaximumRetryAttempts": 1}, "DeadLetterConfig": {"Arn": LETTERS_ARN}}
    plane.create("s", HOURLY, Target=policy)
    plane.services.failing = failing(nobody_there(), 99)

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        *_, (_, _, _, letter) = plane.services.wait_for(3)
        wait_until_idle(plane)

    told = attributes(letter)
    assert told["RETRY_ATTEMPTS"] == "1"
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert told["ERROR_CODE"] == "EndpointConnectionError"
    assert len(plane.services.calls) == 3


def test_attempts_have_their_time_by_the_clock_that_nobody_moves(tmp_path: Path) -> None:
    real_clock = MovableClock()
    plane = Plane(tmp_path, real_clock)
    policy = {"RetryPolicy": {"MaximumEventAgeInSeconds": 60}, "DeadLetterConfig": {"Arn": LETTERS_ARN}}
    plane.create("s", HOURLY, Target=policy)
    plane.services.failing = failing(nobody_there(), 99)

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        plane.services.wait_for(1)
        # A day of the clock that schedules go by ends nothing ...
        update(plane, "s", HOURLY, State="DISABLED")
        plane.clock.move(86400)
        assert all("MessageAttributes" not in document for *_, document in plane.services.wait_for(2))
        # ... and a minute of the machine's does.
        real_clock.move(60)
        letters = wait_until(
            lambda: (
                [document for *_, document in plane.services.calls if "MessageAttributes" in document] or None
            ),
            "the letter",
        )

    assert attributes(letters[0])["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"


def test_a_letter_that_nobody_takes_ends_the_firing_all_the_same(plane: Plane) -> None:
    plane.create("s", HOURLY, Target={"DeadLetterConfig": {"Arn": LETTERS_ARN}})
    plane.services.failing = lambda *_: refusal("AccessDenied", 403)

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        plane.services.wait_for(2)
        wait_until_idle(plane)


def test_a_bus_that_answers_well_and_took_nothing_has_failed(plane: Plane) -> None:
    plane.create(
        "s",
        HOURLY,
        Target={
            "Arn": BUS_ARN,
            "Input": "{}",
            "EventBridgeParameters": {"Source": "shop", "DetailType": "Nightly"},
            "DeadLetterConfig": {"Arn": LETTERS_ARN},
        },
    )
    plane.services.answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail"}]}

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        *_, (_, _, _, letter) = plane.services.wait_for(2)

    assert attributes(letter)["ERROR_CODE"] == "MalformedDetail"


def test_an_attempt_after_a_restart_is_not_the_first(plane: Plane) -> None:
    plane.create("s", HOURLY, Target={"Input": "<aws.scheduler.attempt-number>"})
    plane.services.failing = failing(nobody_there(), 1)
    plane.clock.move(HOUR)
    with plane.running():
        plane.services.wait_for(1)

    with plane.running():
        assert bodies(plane, 2)[1] == "2"


def test_pauses_grow_to_a_minute() -> None:
    assert [pause_before(attempt) for attempt in (2, 3, 4, 9, 185)] == [0.5, 1.0, 2.0, 60.0, 60.0]


# -- what answers within the process ------------------------------------------------------


def test_every_attempt_of_a_firing_has_its_token_and_no_other_firing_does(plane: Plane) -> None:
    plane.create("s", HOURLY, Target={"Arn": PIPELINE_ARN})
    plane.services.failing = failing(service_error("InternalFailure", 500), 1)

    with plane.running() as executor:
        plane.clock.move(2 * HOUR)
        executor.ring()
        calls = plane.services.wait_for(3)

    first, second, again = [document["ClientRequestToken"] for *_, document in calls]
    assert first == again
    assert first != second
    assert calls[0][:3] == ("sagemaker", "StartPipelineExecution", Owner(ACCOUNT, REGION))


def test_a_schedule_that_was_made_anew_has_other_tokens(plane: Plane) -> None:
    tokens = set()
    for _ in range(2):
        plane.create("s", "cron(0 0 1 1 ? *)", Target={"Arn": PIPELINE_ARN})
        planned = plane.firings.next_planned()
        assert planned is not None
        plane.executor().record_due(planned[1])
        firing = plane.firings.first(planned[0], planned[1])
        assert firing is not None
        plane.clock.move(1)
        plane.firing_executor().attempt(firing)
        tokens.add(plane.services.calls[-1][3]["ClientRequestToken"])
        plane.scheduler.delete_schedule(Name="s")

    assert len(tokens) == 2


def test_a_function_gets_bytes(plane: Plane) -> None:
    plane.create("s", HOURLY, Target={"Arn": FUNCTION_ARN, "Input": '{"a": 1}'})

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        [(service, operation, _, document)] = plane.services.wait_for(1)

    assert (service, operation) == ("lambda", "Invoke")
    assert document["Payload"] == b'{"a": 1}'


def test_what_is_not_implemented_is_not_tried_again(plane: Plane) -> None:
    plane.create("s", HOURLY, Target={"Arn": PIPELINE_ARN, "DeadLetterConfig": {"Arn": LETTERS_ARN}})
    plane.services.failing = failing(service_error("NotImplemented", 501), 1)

    with plane.running() as executor:
        plane.clock.move(HOUR)
        executor.ring()
        *_, (_, _, _, letter) = plane.services.wait_for(2)

    assert attributes(letter)["RETRY_ATTEMPTS"] == "0"


def test_a_target_that_keeps_us_waiting_holds_no_other_schedule_up(plane: Plane) -> None:
    release = threading.Event()

    def slow(_service: str, _operation: str, document: Document) -> None:
        if document["MessageBody"] == "slow":
            release.wait(20)

    plane.create("slow", HOURLY, Target={"Input": "slow"})
    plane.create("quick", HOURLY)
    services = plane.services
    taking = services.take

    def take(service: str, operation: str, owner: Owner, document: Document) -> Document:
        slow(service, operation, document)
        return taking(service, operation, owner, document)

    services.take = take  # type: ignore[method-assign]  # the lock of the original would be held meanwhile
    try:
        with plane.running() as executor:
            plane.clock.move(HOUR)
            executor.ring()

            assert bodies(plane, 1) == [written(FIRST_HOUR)]
    finally:
        release.set()
