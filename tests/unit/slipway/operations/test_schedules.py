"""Schedules as boto3's own client sees them; texts are recorded of AWS where a comment says so."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.control_plane import ACCOUNT, REGION
from tests.support.schedules import LETTERS_ARN, QUEUE_ARN, ROLE_ARN, Plane

OFF = {"Mode": "OFF"}
ARN = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule"
HOURLY = "cron(0 * * * ? *)"


@pytest.fixture
def plane(tmp_path: Path) -> Plane:
    return Plane(tmp_path)


def refused(call: Callable[[], object]) -> tuple[str, int, str]:
    """The code, the status and the words of a refusal."""
    with pytest.raises(ClientError) as refusal:
        call()
    response = refusal.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], status, response["Error"]["Message"]


def shown(plane: Plane, name: str, **where: str) -> dict[str, Any]:
    answer: dict[str, Any] = plane.scheduler.get_schedule(Name=name, **where)
    del answer["ResponseMetadata"]
    return answer


def test_a_schedule_is_shown_with_what_was_left_out(plane: Plane) -> None:
    assert plane.create("hourly", HOURLY) == f"{ARN}/default/hourly"

    schedule = shown(plane, "hourly")

    now = schedule.pop("CreationDate")
    assert now.timestamp() == plane.clock.now()
    # The defaults: LocalStack's tests, recorded of AWS on 2025-01-08.
    assert schedule == {
        "ActionAfterCompletion": "NONE",
        "Arn": f"{ARN}/default/hourly",
        "FlexibleTimeWindow": OFF,
        "GroupName": "default",
        "LastModificationDate": now,
        "Name": "hourly",
        "ScheduleExpression": HOURLY,
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "Target": {
            "Arn": QUEUE_ARN,
            "Input": "<aws.scheduler.scheduled-time>",
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
            "RoleArn": ROLE_ARN,
        },
    }


def test_all_that_is_given_is_shown(plane: Plane) -> None:
    given = {
        "ActionAfterCompletion": "DELETE",
        "Description": "each night",
        "StartDate": plane.clock.now() + 60,
        "EndDate": plane.clock.now() + 3600,
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "State": "DISABLED",
    }
    more = {
        "DeadLetterConfig": {"Arn": LETTERS_ARN},
        "RetryPolicy": {"MaximumRetryAttempts": 2},
        "SqsParameters": {"MessageGroupId": "g"},
    }

    plane.create("s", HOURLY, Target=more, **given)

    schedule = shown(plane, "s")
    dates = {name: schedule[name].timestamp() for name in ("StartDate", "EndDate")}
    assert given.items() <= (schedule | dates).items()
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": LETTERS_ARN}
    assert schedule["Target"]["SqsParameters"] == {"MessageGroupId": "g"}
    assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 2}


def test_an_update_replaces_all_of_it(plane: Plane) -> None:
    plane.create("s", HOURLY, Description="old", State="DISABLED", EndDate=plane.clock.now() + 999)
    created = shown(plane, "s")["CreationDate"]
    plane.clock.move(60)

    answer = plane.scheduler.update_schedule(
        Name="s",
        ScheduleExpression="rate(2 minute)",
        FlexibleTimeWindow=OFF,
        Target={"Arn": QUEUE_ARN, "RoleArn": ROLE_ARN},
    )

    # "including empty values" (API reference, UpdateSchedule).
    schedule = shown(plane, "s")
    assert answer["ScheduleArn"] == schedule["Arn"]
    assert {"Description", "EndDate", "Input"} & (schedule.keys() | schedule["Target"].keys()) == set()
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(2 minute)", "ENABLED")
    assert schedule["CreationDate"] == created
    assert schedule["LastModificationDate"].timestamp() == created.timestamp() + 60


def test_a_name_is_taken_once_in_each_group(plane: Plane) -> None:
    plane.scheduler.create_schedule_group(Name="night")
    plane.create("s", HOURLY)
    assert plane.create("s", HOURLY, GroupName="night") == f"{ARN}/night/s"

    # The text: moto, and aws-sdk-js-v3's issue 5720 for the one that is missing.
    assert refused(lambda: plane.create("s", HOURLY)) == (
        "ConflictException",
        409,
        "Schedule s already exists.",
    )


@pytest.mark.parametrize("operation", ["get_schedule", "delete_schedule"])
@pytest.mark.parametrize("name", ["other", "S"])
def test_what_is_not_there_is_not_found(plane: Plane, operation: str, name: str) -> None:
    plane.create("s", HOURLY)

    refusal = refused(lambda: getattr(plane.scheduler, operation)(Name=name))

    assert refusal == ("ResourceNotFoundException", 404, f"Schedule {name} does not exist.")


def test_a_schedule_goes_with_what_it_had_planned(plane: Plane) -> None:
    plane.create("s", HOURLY)

    plane.scheduler.delete_schedule(Name="s")

    assert plane.scheduler.list_schedules()["Schedules"] == []
    assert plane.firings.next_planned() is None


def test_a_group_that_is_not_there_is_not_found(plane: Plane) -> None:
    refusals = {
        refused(lambda: plane.create("s", HOURLY, GroupName="night")),
        refused(lambda: plane.scheduler.list_schedules(GroupName="night")),
        refused(lambda: plane.scheduler.get_schedule_group(Name="night")),
    }

    assert refusals == {("ResourceNotFoundException", 404, "Schedule group night does not exist.")}


def test_a_list_is_narrowed_by_group_name_and_state(plane: Plane) -> None:
    plane.scheduler.create_schedule_group(Name="night")
    plane.create("build", HOURLY)
    plane.create("bake", HOURLY, GroupName="night", State="DISABLED")
    plane.create("rebuild", HOURLY, GroupName="night")

    def names(**query: Any) -> list[str]:
        return [each["Name"] for each in plane.scheduler.list_schedules(**query)["Schedules"]]

    assert names() == ["build", "bake", "rebuild"]
    assert names(GroupName="night") == ["bake", "rebuild"]
    assert names(NamePrefix="b") == ["build", "bake"]
    # The group's name is no part of it.
    assert names(NamePrefix="night") == []
    assert names(State="DISABLED") == ["bake"]
    assert names(GroupName="night", NamePrefix="re", State="ENABLED") == ["rebuild"]


def test_a_list_has_summaries_alone(plane: Plane) -> None:
    plane.create("s", HOURLY)

    [summary] = plane.scheduler.list_schedules()["Schedules"]

    assert summary.keys() == {
        *("Arn", "CreationDate", "GroupName", "LastModificationDate", "Name", "State", "Target")
    }
    assert summary["Target"] == {"Arn": QUEUE_ARN}


def test_a_list_comes_in_pages(plane: Plane) -> None:
    for number in range(5):
        plane.create(f"s{number}", HOURLY)

    pages = plane.scheduler.get_paginator("list_schedules").paginate(PaginationConfig={"PageSize": 2})

    found = [[each["Name"] for each in page["Schedules"]] for page in pages]
    assert found == [["s0", "s1"], ["s2", "s3"], ["s4"]]


def test_a_token_stands_for_one_creation(plane: Plane) -> None:
    first = plane.create("s", HOURLY, ClientToken="t")

    assert plane.create("s", HOURLY, ClientToken="t") == first
    assert refused(lambda: plane.create("s", "rate(1 day)", ClientToken="t"))[:2] == (
        "ConflictException",
        409,
    )


@pytest.mark.parametrize(
    ("members", "words"),
    [
        # Recorded of AWS by LocalStack's tests on 2025-01-26.
        ({"ScheduleExpression": "rate(10 seconds)"}, "Invalid Schedule Expression rate(10 seconds)."),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Invalid Schedule Expression Timezone Mars/Olympus"),
        # moto's text.
        ({"StartDate": -301}, "The StartDate you specify cannot be earlier than 5 minutes ago."),
        ({"EndDate": -1}, "The EndDate you specify must come after"),
        ({"StartDate": 60, "EndDate": 60}, "The EndDate you specify must come after"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes is required"),
        ({"FlexibleTimeWindow": {"Mode": "SOME"}}, "Member must satisfy enum value set: [OFF, FLEXIBLE]"),
        ({"Target": {"Arn": "orders"}}, "Provided Arn is not in correct format: orders"),
        ({"GroupName": "a/b"}, "Member must satisfy regular expression pattern"),
    ],
)
def test_what_cannot_be_is_refused_in_words(plane: Plane, members: dict[str, Any], words: str) -> None:
    dates = {name: plane.clock.now() + members[name] for name in ("StartDate", "EndDate") if name in members}
    request: dict[str, Any] = members | dates
    request["expression"] = request.pop("ScheduleExpression", HOURLY)

    code, status, message = refused(lambda: plane.create("s", **request))

    assert (code, status) == ("ValidationException", 400)
    assert words in message
    assert plane.scheduler.list_schedules()["Schedules"] == []


def test_a_start_five_minutes_ago_is_taken(plane: Plane) -> None:
    plane.create("s", HOURLY, StartDate=plane.clock.now() - 299)

    assert plane.firings.next_planned() is not None


# -- groups ---------------------------------------------------------------------


def test_a_group_is_created_shown_and_listed(plane: Plane) -> None:
    tags = [{"Key": "team", "Value": "night"}]

    arn = plane.scheduler.create_schedule_group(Name="night", Tags=tags)["ScheduleGroupArn"]

    group = plane.scheduler.get_schedule_group(Name="night")
    groups = plane.scheduler.list_schedule_groups()["ScheduleGroups"]
    assert arn == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/night"
    assert {name: group[name] for name in ("Arn", "Name", "State")} == {
        "Arn": arn,
        "Name": "night",
        "State": "ACTIVE",
    }
    assert [each["Name"] for each in groups] == ["default", "night"]
    assert group["CreationDate"] == groups[1]["CreationDate"]
    assert plane.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    assert refused(lambda: plane.scheduler.create_schedule_group(Name="night")) == (
        "ConflictException",
        409,
        "Schedule group night already exists.",
    )


def test_groups_are_found_by_prefix(plane: Plane) -> None:
    for name in ("night", "night-2", "tonight"):
        plane.scheduler.create_schedule_group(Name=name)

    groups = plane.scheduler.list_schedule_groups(NamePrefix="night")["ScheduleGroups"]

    assert [group["Name"] for group in groups] == ["night", "night-2"]


def test_a_group_goes_with_its_schedules(plane: Plane) -> None:
    plane.scheduler.create_schedule_group(Name="night")
    plane.create("kept", HOURLY)
    plane.create("gone", HOURLY, GroupName="night")

    plane.scheduler.delete_schedule_group(Name="night")

    assert [each["Name"] for each in plane.scheduler.list_schedules()["Schedules"]] == ["kept"]
    planned = plane.firings.next_planned()
    assert planned is not None
    assert planned[0].name == "default/kept"
    assert refused(lambda: plane.scheduler.delete_schedule_group(Name="night"))[1] == 404


@pytest.mark.parametrize("operation", ["create_schedule_group", "delete_schedule_group"])
def test_the_default_group_stays_as_it_is(plane: Plane, operation: str) -> None:
    # Measured of AWS by others: CreateScheduleGroup, us-east-1, 2026-09-07.
    assert refused(lambda: getattr(plane.scheduler, operation)(Name="default")) == (
        "ValidationException",
        400,
        "This operation cannot be performed on schedule group default.",
    )


def test_groups_have_tags(plane: Plane) -> None:
    arn = plane.scheduler.create_schedule_group(Name="night")["ScheduleGroupArn"]

    plane.scheduler.tag_resource(
        ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    plane.scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}])
    plane.scheduler.untag_resource(ResourceArn=arn, TagKeys=["b", "c"])

    assert plane.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "3"}]


def test_tags_are_refused_where_there_is_no_such_group(plane: Plane) -> None:
    arn = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/night"
    of_another = f"arn:aws:scheduler:{REGION}:999999999999:schedule-group/default"

    for each in (arn, of_another):
        refusal = refused(partial(plane.scheduler.list_tags_for_resource, ResourceArn=each))
        assert refusal[:2] == ("ResourceNotFoundException", 404)


def test_fifty_tags_are_all(plane: Plane) -> None:
    arn = plane.scheduler.create_schedule_group(Name="night")["ScheduleGroupArn"]
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]

    assert refused(lambda: plane.scheduler.tag_resource(ResourceArn=arn, Tags=tags))[1] == 400
    assert plane.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == []


def test_accounts_do_not_see_each_other(plane: Plane) -> None:
    plane.create("s", HOURLY)

    stranger = plane.client("scheduler", account="999999999999")

    assert stranger.list_schedules()["Schedules"] == []
    assert [each["Name"] for each in stranger.list_schedule_groups()["ScheduleGroups"]] == ["default"]
