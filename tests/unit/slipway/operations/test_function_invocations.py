"""Invoke as boto3 sees it; who carries it out is the test's own."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from slipway.resources.function_invocation import FunctionAnswer

from tests.support.function_records import ARN, OWNER, FunctionRecords, key_of, refused


@pytest.fixture
def records(tmp_path: Path) -> FunctionRecords:
    made = FunctionRecords(tmp_path)
    made.created(Timeout=7)
    return made


def invoked(records: FunctionRecords, **members: Any) -> Any:
    return records.client.invoke(FunctionName="greet", **members)


def test_the_functions_answer_is_the_body(records: FunctionRecords) -> None:
    answer = invoked(records, Payload=b'{"city": "Lisbon"}')

    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["Payload"].read() == b'"answered"'
    assert "FunctionError" not in answer
    [(_, invocation, _)] = records.invoker.asked
    assert (invocation.event, invocation.timeout_seconds) == (b'{"city": "Lisbon"}', 7)
    assert invocation.function_arn == f"{ARN}greet"
    assert invocation.request_id == answer["ResponseMetadata"]["RequestId"]


def test_an_error_of_the_function_is_a_success_of_the_call(records: FunctionRecords) -> None:
    records.invoker.answer = FunctionAnswer(b'{"errorMessage": "no"}', is_error=True)

    answer = invoked(records)

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read()) == {"errorMessage": "no"}


def test_without_an_event_the_function_gets_an_empty_object(records: FunctionRecords) -> None:
    invoked(records)

    assert records.invoker.asked[0][1].event == b"{}"


def test_a_qualifier_is_part_of_what_the_function_is_told(records: FunctionRecords) -> None:
    invoked(records, Qualifier="$LATEST")

    assert records.invoker.asked[0][1].function_arn == f"{ARN}greet:$LATEST"


def test_the_end_of_the_log_is_answered_where_it_is_asked_for(records: FunctionRecords) -> None:
    records.invoker.answer = FunctionAnswer(b"null", log_tail=b"START\n")

    assert base64.b64decode(invoked(records, LogType="Tail")["LogResult"]) == b"START\n"
    assert "LogResult" not in invoked(records)


def test_the_callers_context_reaches_the_function_as_json(records: FunctionRecords) -> None:
    context = base64.b64encode(b'{"custom": {"a": 1}}').decode()

    invoked(records, ClientContext=context)

    assert records.invoker.asked[0][1].client_context == '{"custom": {"a": 1}}'


def test_a_dry_run_runs_nothing(records: FunctionRecords) -> None:
    assert invoked(records, InvocationType="DryRun")["StatusCode"] == 204
    assert records.invoker.asked == []


def test_an_event_is_promised_before_it_is_acknowledged(records: FunctionRecords) -> None:
    answer = invoked(records, InvocationType="Event", Payload=b"[1]")

    assert answer["StatusCode"] == 202
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert records.enqueued == [(key_of("greet"), request_id, b"[1]")]
    assert records.invoker.asked == []


@pytest.mark.parametrize("payload", [b"not json", b"{", b"\xff"])
def test_what_is_no_json_is_refused(records: FunctionRecords, payload: bytes) -> None:
    message = "Could not parse request body into json: Could not parse payload into json: …"
    with refused("InvalidRequestContentException", message, 400):
        invoked(records, Payload=payload)


def test_an_event_may_have_six_megabytes_and_one_that_nobody_waits_for_one(records: FunctionRecords) -> None:
    # Developer guide, "Lambda quotas"; the texts are AWS's.
    six, one = b'"' + b"x" * (6 * 1024**2 - 2) + b'"', b'"' + b"x" * (1024**2 - 2) + b'"'
    invoked(records, Payload=six)
    invoked(records, Payload=one, InvocationType="Event")

    larger = "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    with refused("RequestTooLargeException", larger, 413):
        invoked(records, Payload=six + b" ")
    larger = "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    with refused("RequestTooLargeException", larger, 413):
        invoked(records, Payload=one + b" ", InvocationType="Event")


def test_a_function_that_is_not_active_yet_cannot_be_invoked(records: FunctionRecords) -> None:
    records.create("later")

    message = (
        "The operation cannot be performed at this time. The function is currently in the following state: "
        "Pending"
    )
    with refused("ResourceConflictException", message, 409):
        records.client.invoke(FunctionName="later")


def test_a_part_of_this_process_invokes_as_a_client_does(records: FunctionRecords) -> None:
    document = {"FunctionName": "greet", "Payload": b'{"n": 1}', "InvocationType": "RequestResponse"}

    answer = records.plane.dispatcher.call(OWNER, "lambda", "Invoke", document)

    assert (answer["StatusCode"], answer["Payload"]) == (200, b'"answered"')
    assert "FunctionError" not in answer
