"""Events of any service start pipelines of the emulator, and everything is asked for at LocalStack's port."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import ROLE_ARN, bucket_in, fresh, queue_in, received
from tests.support.pipeline_rules import RulePipeline, rule_in

OTHER_ACCOUNT = "111122223333"


# LocalStack forwards to it.
pytestmark = pytest.mark.usefixtures("emulator")


def put_event(localstack: LocalStack, source: str, detail: dict[str, Any]) -> None:
    """Tell the default bus."""
    entry = {"Source": source, "DetailType": "rows arrived", "Detail": json.dumps(detail)}
    assert localstack.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def test_an_event_starts_a_pipeline_with_parameters_out_of_the_event(localstack: LocalStack) -> None:
    pipeline, source = (
        RulePipeline.with_parameters(localstack, "Day", "Rows", "Kind", "Same"),
        fresh("source"),
    )
    values = {"Day": "$.detail.days[0]", "Rows": "$.detail.count", "Kind": "$.detail-type", "Same": "fixed"}
    rule_in(localstack, {"source": [source], "detail": {"count": [3]}}, pipeline.target(values))

    put_event(localstack, source, {"count": 4, "days": ["sunday"]})
    put_event(localstack, source, {"count": 3, "days": ["monday", "tuesday"]})

    assert pipeline.started() == [{"Day": "monday", "Rows": "3", "Kind": "rows arrived", "Same": "fixed"}]
    [execution] = pipeline.executions()
    [step] = localstack.client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=execution)[
        "PipelineExecutionSteps"
    ]
    assert step["FailureReason"] == "monday | 3 | rows arrived | fixed"


def test_an_upload_starts_a_pipeline_with_the_objects_key_etag_and_version(localstack: LocalStack) -> None:
    s3, bucket = localstack.client("s3"), bucket_in(localstack)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pipeline = RulePipeline.with_parameters(localstack, "Bucket", "Key", "ETag", "VersionId", "Size")
    place = "$.detail.object"
    values = {"Key": f"{place}.key", "ETag": f"{place}.etag", "VersionId": f"{place}.version-id"}
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": "incoming/March rows/"}]}},
    }
    more = {"Bucket": "$.detail.bucket.name", "Size": f"{place}.size"}
    rule_in(localstack, pattern, pipeline.target(values | more))
    key = "incoming/March rows/März+1.csv"

    s3.put_object(Bucket=bucket, Key="outgoing/a.csv", Body=b"1\n")
    first = s3.put_object(Bucket=bucket, Key=key, Body=b"1,2\n")
    before = pipeline.started()
    second = s3.put_object(Bucket=bucket, Key=key, Body=b"1,2\n3,4\n")

    # S3's answers name the ETag in quotes; its events do not.
    assert pipeline.started(2) == [
        {
            "Bucket": bucket,
            "Key": key,
            "ETag": put["ETag"].strip('"'),
            "VersionId": put["VersionId"],
            "Size": size,
        }
        for put, size in ((first, "4"), (second, "8"))
    ]
    assert len(before) == 1


def test_an_approval_starts_a_pipeline_with_the_version(localstack: LocalStack) -> None:
    sagemaker, group = localstack.client("sagemaker"), fresh("group")
    pipeline = RulePipeline.with_parameters(localstack, "Version")
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]},
    }
    queue_url, queue_arn = queue_in(localstack)
    queue = {"Id": "queue", "Arn": queue_arn, "InputPath": "$.detail.ModelApprovalStatus"}
    rule_in(localstack, pattern, pipeline.target({"Version": "$.detail.ModelPackageArn"}), queue)
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    specification = {
        "Containers": [{"Image": "any:1", "ModelDataUrl": "s3://any/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    package = sagemaker.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=specification
    )["ModelPackageArn"]

    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")

    assert pipeline.started() == [{"Version": package}]
    assert received(localstack, queue_url).strip('"') == "Approved"


def test_the_end_of_a_pipeline_starts_the_next(localstack: LocalStack) -> None:
    first = RulePipeline.with_parameters(localstack, "Day")
    second = RulePipeline.with_parameters(localstack, "After")
    source = fresh("source")
    rule_in(localstack, {"source": [source]}, first.target({"Day": "$.detail.day"}))
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Building Pipeline Execution Status Change"],
        "detail": {"pipelineArn": [first.arn], "currentPipelineExecutionStatus": ["Failed"]},
    }
    rule_in(localstack, pattern, second.target({"After": "$.detail.pipelineExecutionArn"}))

    put_event(localstack, source, {"day": "monday"})

    assert second.started() == [{"After": first.executions()[0]}]


def test_a_pipeline_may_be_in_another_account_and_region(emulator: Emulator) -> None:
    far = emulator.localstack
    pipeline = RulePipeline.with_parameters(far, "Day")
    # LocalStack and the emulator take an access key of twelve digits for an account.
    there = {"region_name": "eu-west-1", "aws_access_key_id": OTHER_ACCOUNT}
    sagemaker = emulator.client("sagemaker", **there)
    here = emulator.client("sagemaker")
    definition = here.describe_pipeline(PipelineName=pipeline.name)["PipelineDefinition"]
    arn = sagemaker.create_pipeline(
        PipelineName=pipeline.name,
        PipelineDefinition=definition,
        RoleArn=ROLE_ARN,
        ClientRequestToken=fresh("token") + "0" * 32,
    )["PipelineArn"]
    source = fresh("source")
    rule_in(far, {"source": [source]}, pipeline.target({"Day": "$.detail.day"}, Arn=arn))

    put_event(far, source, {"day": "monday"})

    def started() -> Any:
        return sagemaker.list_pipeline_executions(PipelineName=pipeline.name)["PipelineExecutionSummaries"]

    [execution] = wait_until(lambda: started() or None, "an execution in the other account")
    assert execution["PipelineExecutionArn"].startswith(
        f"arn:aws:sagemaker:eu-west-1:{OTHER_ACCOUNT}:pipeline/"
    )
    assert pipeline.executions() == []


def test_an_event_while_the_emulator_is_away_starts_one_execution_when_it_is_back(emulator: Emulator) -> None:
    localstack = emulator.localstack
    pipeline, source = RulePipeline.with_parameters(localstack, "Day"), fresh("source")
    rule_in(localstack, {"source": [source]}, pipeline.target({"Day": "$.detail.day"}))
    log_before = localstack.container.logs().decode()

    emulator.kill()
    put_event(localstack, source, {"day": "monday"})

    def tried() -> bool | None:
        new = localstack.container.logs().decode().removeprefix(log_before)
        return True if new.count("AWS sagemaker.StartPipelineExecution => 503") >= 2 else None

    wait_until(tried, "two attempts that failed")
    emulator.restart()

    assert pipeline.started() == [{"Day": "monday"}]


def test_an_event_that_no_pipeline_takes_is_a_dead_letter(localstack: LocalStack) -> None:
    pipeline, source = RulePipeline.with_parameters(localstack, "Day"), fresh("source")
    queue_url, queue_arn = queue_in(localstack)
    target = pipeline.target({"Day": "$.detail.day"}, DeadLetterConfig={"Arn": queue_arn})
    rule = rule_in(localstack, {"source": [source]}, target)
    localstack.client("sagemaker").delete_pipeline(PipelineName=pipeline.name, ClientRequestToken="0" * 32)

    put_event(localstack, source, {"day": "monday"})

    answer = localstack.client("sqs").receive_message(
        QueueUrl=queue_url, WaitTimeSeconds=20, MessageAttributeNames=["All"]
    )
    [letter] = answer["Messages"]
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert json.loads(letter["Body"])["detail"] == {"day": "monday"}
    assert told["ERROR_CODE"] == "ResourceNotFound"
    assert pipeline.name in told["ERROR_MESSAGE"]
    assert told["RULE_ARN"].endswith(f":rule/{rule}")
    assert told["TARGET_ARN"] == target["Arn"]


def test_a_parameter_name_that_eventbridge_does_not_take_is_refused(localstack: LocalStack) -> None:
    pipeline, rule = RulePipeline.with_parameters(localstack, "Input_Uri"), fresh("rule")
    events = localstack.client("events")
    events.put_rule(Name=rule, EventPattern='{"source": ["any"]}')

    with pytest.raises(ClientError, match=r"'Input_Uri' at .* failed to satisfy constraint"):
        events.put_targets(Rule=rule, Targets=[pipeline.target({"Input_Uri": "x"})])

    assert events.list_targets_by_rule(Rule=rule)["Targets"] == []


def test_a_rule_that_is_disabled_starts_nothing(localstack: LocalStack) -> None:
    pipeline, source = RulePipeline.with_parameters(localstack, "Day"), fresh("source")
    queue_url, queue_arn = queue_in(localstack)
    events, values = localstack.client("events"), {"Day": "$.detail.day"}
    rule = rule_in(localstack, {"source": [source]}, pipeline.target(values))
    # Rules are gone through in the order in which they were made.
    rule_in(localstack, {"source": [source]}, {"Id": "witness", "Arn": queue_arn})

    events.disable_rule(Name=rule)
    put_event(localstack, source, {"day": "monday"})
    assert "monday" in received(localstack, queue_url)
    events.enable_rule(Name=rule)
    put_event(localstack, source, {"day": "tuesday"})

    assert pipeline.started() == [{"Day": "tuesday"}]


def test_a_schedule_is_kept_by_the_emulator(emulator: Emulator) -> None:
    localstack = emulator.localstack
    scheduler, name = localstack.client("scheduler"), fresh("hourly")
    target = {"Arn": "arn:aws:sqs:us-east-1:000000000000:any", "RoleArn": ROLE_ARN, "Input": "tick"}

    created = scheduler.create_schedule(
        Name=name,
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )

    assert created["ScheduleArn"] == f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}"
    kept = emulator.client("scheduler").get_schedule(Name=name)["Target"]
    assert {member: kept[member] for member in target} == target
    assert name in [each["Name"] for each in scheduler.list_schedules()["Schedules"]]
    scheduler.delete_schedule(Name=name)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        scheduler.get_schedule(Name=name)
