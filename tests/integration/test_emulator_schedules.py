"""Schedules fire at real queues, topics, buses and pipelines, over any crash between."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.containers import wait_until
from tests.support.emulator import Emulator, running_emulator
from tests.support.emulator_pipelines import fail
from tests.support.emulator_schedules import HOURLY, Schedules, next_hours
from tests.support.functions import Functions
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import ROLE_ARN, fresh

EXECUTIONS_SECONDS = 300


@pytest.fixture(scope="module")
def schedules(emulator_image: str, localstack: LocalStack) -> Iterator[Schedules]:
    """Schedules of an emulator whose clock may be moved."""
    name = f"emulator-{uuid4().hex[:8]}"
    with running_emulator(emulator_image, localstack, {"SLIPWAY_ALLOW_RESET": "1"}, name) as started:
        made = Schedules(started)
        made.enter_hour()
        yield made


def pipeline_of(emulator: Emulator) -> str:
    """A pipeline that ends at once; its ARN."""
    definition = {"Version": "2020-12-01", "Parameters": [], "Steps": [fail("End")]}
    answer = emulator.client("sagemaker").create_pipeline(
        PipelineName=fresh("pipeline"),
        PipelineDefinition=json.dumps(definition),
        ClientRequestToken=uuid4().hex,
        RoleArn=ROLE_ARN,
    )
    arn: str = answer["PipelineArn"]
    return arn


def executions(emulator: Emulator, pipeline_arn: str) -> int:
    """How often a pipeline was started."""
    pages = emulator.client("sagemaker").get_paginator("list_pipeline_executions")
    listed = pages.paginate(PipelineName=pipeline_arn.rpartition("/")[2])
    return sum(len(page["PipelineExecutionSummaries"]) for page in listed)


def wait_for_executions(emulator: Emulator, pipeline_arn: str, count: int) -> None:
    def enough() -> bool | None:
        return executions(emulator, pipeline_arn) >= count or None

    wait_until(enough, f"{count} executions", EXECUTIONS_SECONDS)


def test_two_days_that_pass_at_once_are_forty_eight_firings_over_a_kill(
    emulator_with: Callable[..., Emulator],
) -> None:
    emulator = emulator_with(SLIPWAY_ALLOW_RESET="1")
    schedules = Schedules(emulator)
    schedules.enter_hour()
    queue = schedules.queue(FifoQueue="true")
    pipeline_arn = pipeline_of(emulator)
    schedules.create(queue.arn, Target={"SqsParameters": {"MessageGroupId": "hours"}})
    schedules.create(pipeline_arn)
    hours = next_hours(emulator, 48)

    schedules.move("48h")
    emulator.kill()
    emulator.restart()

    wait_for_executions(emulator, pipeline_arn, 48)
    assert [json.loads(body) for body in queue.bodies(48)] == hours
    assert executions(emulator, pipeline_arn) == 48


@pytest.mark.parametrize("point", ["before-delivery", "after-delivery"])
def test_a_death_beside_a_delivery_neither_loses_nor_repeats_one(
    emulator_with: Callable[..., Emulator], point: str
) -> None:
    emulator = emulator_with(SLIPWAY_ALLOW_RESET="1", SLIPWAY_FAULT=point)
    schedules = Schedules(emulator)
    schedules.enter_hour()
    queue, groups, pipeline_arn = schedules.queue(), schedules.queue(FifoQueue="true"), pipeline_of(emulator)
    schedules.create(queue.arn)
    schedules.create(groups.arn, Target={"SqsParameters": {"MessageGroupId": "hours"}})
    schedules.create(pipeline_arn)
    hours = next_hours(emulator, 48)

    schedules.move("48h")
    assert emulator.container.wait()["StatusCode"] == 137
    emulator.restart()

    wait_for_executions(emulator, pipeline_arn, 48)
    assert sorted(set(map(json.loads, queue.bodies(48)))) == hours
    assert [json.loads(body) for body in groups.bodies(48)] == hours
    assert executions(emulator, pipeline_arn) == 48


def test_hours_come_one_by_one(schedules: Schedules) -> None:
    queue = schedules.queue()
    name = schedules.create(queue.arn)
    hours = next_hours(schedules.emulator, 2)

    for hour in hours:
        schedules.move("1h")
        assert queue.bodies(1) == [f'"{hour}"']
    schedules.scheduler.delete_schedule(Name=name)
    schedules.move("1h")
    later = schedules.create(queue.arn, HOURLY)
    schedules.move("1h")

    # The one that was deleted says nothing more.
    assert len(queue.bodies(1)) == 1
    schedules.scheduler.delete_schedule(Name=later)


def test_a_schedule_of_one_time_goes_when_it_is_over(schedules: Schedules) -> None:
    queue = schedules.queue()
    [hour] = next_hours(schedules.emulator, 1)
    name = schedules.create(queue.arn, f"at({hour[:-1]})", ActionAfterCompletion="DELETE")

    schedules.move("1h")

    assert queue.bodies(1) == [f'"{hour}"']
    wait_until(lambda: name not in schedules.names() or None, f"{name} to go")


def test_a_disabled_schedule_is_silent(schedules: Schedules) -> None:
    queue = schedules.queue()
    silent = schedules.create(queue.arn, State="DISABLED", Target={"Input": "silent"})
    loud = schedules.create(queue.arn, Target={"Input": "loud"})

    schedules.move("3h")

    assert queue.bodies(3) == ["loud"] * 3
    for name in (silent, loud):
        schedules.scheduler.delete_schedule(Name=name)


def test_what_cannot_be_delivered_is_in_the_dead_letter_queue(schedules: Schedules) -> None:
    letters = schedules.queue()
    missing = letters.arn.rpartition(":")[0] + ":" + fresh("missing")
    [hour] = next_hours(schedules.emulator, 1)
    name = schedules.create(missing, Target={"DeadLetterConfig": {"Arn": letters.arn}})

    schedules.move("1h")

    [letter] = letters.take(1)
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    # The error is that of "Configuring a schedule's dead-letter queue", User Guide.
    assert told["ERROR_CODE"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert told["SCHEDULED_TIME"] == hour
    assert told["TARGET_ARN"] == missing
    assert told["SCHEDULE_ARN"].endswith(f":schedule/default/{name}")
    assert json.loads(letter["Body"])["MessageBody"] == f'"{hour}"'
    schedules.scheduler.delete_schedule(Name=name)


def test_a_service_that_is_away_gets_it_when_it_is_back(schedules: Schedules) -> None:
    queue, emulator = schedules.queue(), schedules.emulator
    name = schedules.create(queue.arn, Target={"Input": "<aws.scheduler.attempt-number>"})
    network = emulator.container.client.networks.get(emulator.network)
    localstack = emulator.localstack.container.id

    network.disconnect(localstack)
    try:
        schedules.move("1h")
        wait_until(lambda: f"firing.failed arn={schedule_arn(name)}" in emulator.logs() or None, "a failure")
    finally:
        network.connect(localstack, aliases=["localstack"])

    [attempt] = queue.bodies(1)
    assert int(attempt) > 1
    schedules.scheduler.delete_schedule(Name=name)


def schedule_arn(name: str) -> str:
    return f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}"


# -- the other targets ------------------------------------------------------------------


def test_a_topic_is_told(schedules: Schedules) -> None:
    queue, localstack = schedules.queue(), schedules.emulator.localstack
    sns = localstack.client("sns")
    topic_arn = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue.arn)
    [hour] = next_hours(schedules.emulator, 1)
    name = schedules.create(topic_arn)

    schedules.move("1h")

    [notification] = queue.bodies(1)
    assert json.loads(notification)["Message"] == f'"{hour}"'
    schedules.scheduler.delete_schedule(Name=name)


def test_a_bus_is_told_and_its_rule_fires(schedules: Schedules) -> None:
    queue, events = schedules.queue(), schedules.emulator.localstack.client("events")
    source = fresh("shop")
    rule = fresh("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue.arn}])
    bus_arn = events.describe_event_bus(Name="default")["Arn"]
    [hour] = next_hours(schedules.emulator, 1)
    name = schedules.create(
        bus_arn,
        Target={
            "Input": '{"hour": "<aws.scheduler.scheduled-time>"}',
            "EventBridgeParameters": {"Source": source, "DetailType": "Nightly"},
        },
    )

    schedules.move("1h")

    [event] = [json.loads(body) for body in queue.bodies(1)]
    assert event["detail"] == {"hour": hour}
    assert event["detail-type"] == "Nightly"
    assert event["resources"] == [schedule_arn(name)]
    # By the clock that was moved, within the hour after it.
    assert hour <= event["time"] < next_hours(schedules.emulator, 1)[0]
    schedules.scheduler.delete_schedule(Name=name)


@pytest.mark.parametrize("service", ["sqs", "sagemaker"])
def test_an_operation_is_called_by_its_name(schedules: Schedules, service: str) -> None:
    queue, emulator = schedules.queue(), schedules.emulator
    pipeline_arn = pipeline_of(emulator)
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "sqs": ("sendMessage", {"QueueUrl": queue.url, "MessageBody": "hello"}),
        "sagemaker": ("startPipelineExecution", {"PipelineName": pipeline_arn.rpartition("/")[2]}),
    }
    action, parameters = calls[service]
    name = schedules.create(
        f"arn:aws:scheduler:::aws-sdk:{service}:{action}", Target={"Input": json.dumps(parameters)}
    )

    schedules.move("1h")

    if service == "sqs":
        assert queue.bodies(1) == ["hello"]
    else:
        wait_for_executions(emulator, pipeline_arn, 1)
    schedules.scheduler.delete_schedule(Name=name)


def test_a_pipeline_gets_its_parameters(schedules: Schedules) -> None:
    sagemaker = schedules.emulator.client("sagemaker")
    definition = {
        "Version": "2020-12-01",
        "Parameters": [{"Name": "Rows", "Type": "String"}],
        "Steps": [fail("End", {"Get": "Parameters.Rows"})],
    }
    pipeline = sagemaker.create_pipeline(
        PipelineName=fresh("pipeline"),
        PipelineDefinition=json.dumps(definition),
        ClientRequestToken=uuid4().hex,
        RoleArn=ROLE_ARN,
    )
    parameters = {"PipelineParameterList": [{"Name": "Rows", "Value": "s3://shop/rows.csv"}]}
    name = schedules.create(pipeline["PipelineArn"], Target={"SageMakerPipelineParameters": parameters})

    schedules.move("1h")

    wait_for_executions(schedules.emulator, pipeline["PipelineArn"], 1)
    [execution] = sagemaker.list_pipeline_executions(PipelineName=pipeline["PipelineArn"].rpartition("/")[2])[
        "PipelineExecutionSummaries"
    ]
    given = sagemaker.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )
    assert given["PipelineParameters"] == [{"Name": "Rows", "Value": "s3://shop/rows.csv"}]
    schedules.scheduler.delete_schedule(Name=name)


def test_a_function_is_called(schedules: Schedules, lambda_image: str) -> None:
    functions = Functions(schedules.emulator)
    # Says which members its event has.
    function = functions.create()
    arn = functions.client.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    [hour] = next_hours(schedules.emulator, 1)
    name = schedules.create(arn, Target={"Input": '{"at <aws.scheduler.scheduled-time>": 1}'})

    schedules.move("1h")

    functions.lines(function, f"called with ['at {hour}']")
    schedules.scheduler.delete_schedule(Name=name)
    functions.delete_all()
