"""What is recorded of a function, as boto3 sees it."""

import json
from pathlib import Path

import pytest

from tests.support.function_records import ARN, FunctionRecords, refused


@pytest.fixture
def records(tmp_path: Path) -> FunctionRecords:
    made = FunctionRecords(tmp_path)
    made.created()
    return made


PERMISSION = {
    "FunctionName": "greet",
    "StatementId": "by-events",
    "Action": "lambda:InvokeFunction",
    "Principal": "events.amazonaws.com",
    "SourceArn": "arn:aws:events:eu-west-1:123456789012:rule/any",
}
STATEMENT = {
    "Sid": "by-events",
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": f"{ARN}greet",
    "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:events:eu-west-1:123456789012:rule/any"}},
}


def test_a_permission_is_told_as_a_policy(records: FunctionRecords) -> None:
    added = records.client.add_permission(**PERMISSION)

    assert json.loads(added["Statement"]) == STATEMENT
    policy = json.loads(records.client.get_policy(FunctionName="greet")["Policy"])
    assert policy == {"Version": "2012-10-17", "Id": "default", "Statement": [STATEMENT]}


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        ("*", "*"),
        ("123456789012", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("arn:aws:iam::123456789012:role/any", {"AWS": "arn:aws:iam::123456789012:role/any"}),
    ],
)
def test_a_principal_is_written_by_what_it_is(
    records: FunctionRecords, principal: str, shown: object
) -> None:
    added = records.client.add_permission(**(PERMISSION | {"Principal": principal}))

    assert json.loads(added["Statement"])["Principal"] == shown


def test_a_statement_id_is_given_once_and_can_be_removed_once(records: FunctionRecords) -> None:
    named = {"FunctionName": "greet", "StatementId": "by-events"}
    records.client.add_permission(**PERMISSION)

    taken = "The statement id (by-events) provided already exists. Please provide a new statement id, …"
    with refused("ResourceConflictException", taken, 409):
        records.client.add_permission(**PERMISSION)
    removed = records.client.remove_permission(**named)
    with refused("ResourceNotFoundException", "Statement by-events is not found in resource policy.", 404):
        records.client.remove_permission(**named)

    assert removed["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        records.client.get_policy(FunctionName="greet")


def test_tags_are_added_replaced_and_removed(records: FunctionRecords) -> None:
    arn = f"{ARN}greet"
    records.client.tag_resource(Resource=arn, Tags={"team": "red", "stage": "test"})
    records.client.tag_resource(Resource=arn, Tags={"team": "blue"})
    records.client.untag_resource(Resource=arn, TagKeys=["stage"])

    assert records.client.list_tags(Resource=arn)["Tags"] == {"team": "blue"}
    assert records.client.get_function(FunctionName="greet")["Tags"] == {"team": "blue"}


def test_reserved_concurrency_is_kept_shown_and_given_to_who_invokes(records: FunctionRecords) -> None:
    records.client.put_function_concurrency(FunctionName="greet", ReservedConcurrentExecutions=2)
    records.client.invoke(FunctionName="greet")

    shown = records.client.get_function_concurrency(FunctionName="greet")
    assert shown["ReservedConcurrentExecutions"] == 2
    assert records.client.get_function(FunctionName="greet")["Concurrency"] == {
        "ReservedConcurrentExecutions": 2
    }
    records.client.delete_function_concurrency(FunctionName="greet")
    records.client.invoke(FunctionName="greet")
    assert [reserved for _, _, reserved in records.invoker.asked] == [2, None]


def test_what_callers_ask_for_is_answered_although_no_function_has_it(records: FunctionRecords) -> None:
    client, greet = records.client, {"FunctionName": "greet"}

    assert client.get_function_code_signing_config(**greet)["FunctionName"] == "greet"
    assert [each["Version"] for each in client.list_versions_by_function(**greet)["Versions"]] == ["$LATEST"]
    absent = f"The function {ARN}greet:$LATEST doesn't have an EventInvokeConfig"
    with refused("ResourceNotFoundException", absent, 404):
        client.get_function_event_invoke_config(**greet)
