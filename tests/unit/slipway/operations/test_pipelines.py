"""Pipelines: created, updated, described, listed, deleted, in SageMaker's own texts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.pipeline_plane import ROLE, PipelinePlane, create, definition, fail_step, start
from tests.support.registry import PREFIX, refused

ARN = f"{PREFIX}:pipeline/Bank"
TOKEN, OTHER_TOKEN = "t" * 32, "u" * 32


def test_a_pipeline_is_described_by_name_and_by_arn(
    sagemaker: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    parallelism = {"MaxParallelExecutionSteps": 3}

    assert create(sagemaker, PipelineDescription="monthly", ParallelismConfiguration=parallelism) == ARN

    for name in ("Bank", ARN):
        described = sagemaker.describe_pipeline(PipelineName=name)
        assert (described["PipelineArn"], described["PipelineName"]) == (ARN, "Bank")
        # As describe_pipeline is recorded in AWS's samples: the name, where no other was given.
        assert described["PipelineDisplayName"] == "Bank"
        assert described["PipelineDefinition"] == definition()
        assert described["PipelineDescription"] == "monthly"
        assert described["PipelineStatus"] == "Active"
        assert described["RoleArn"] == ROLE
        assert described["ParallelismConfiguration"] == parallelism
        assert described["CreationTime"] == described["LastModifiedTime"] == moment(plane)
        assert "LastRunTime" not in described


def moment(plane: ControlPlane) -> datetime:
    return datetime.fromtimestamp(plane.clock.seconds, UTC)


def test_a_name_is_taken_once_and_the_text_is_one_that_both_sdks_know(
    sagemaker: Any, pipelines: PipelinePlane
) -> None:
    create(sagemaker)

    code, message = refused(
        sagemaker.create_pipeline, PipelineName="Bank", RoleArn=ROLE, PipelineDefinition=definition()
    )

    # Pipeline.upsert of the SDK v2 asks for the code and "already exists"; aws-doc-sdk-examples and
    # the SDK v3 know the first sentence.
    assert (code, message) == (
        "ValidationException",
        "Pipeline names must be unique within an AWS account and region. "
        "Pipeline with name (Bank) already exists.",
    )


@pytest.mark.parametrize("operation", ["create_pipeline", "update_pipeline"])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        # "Unable to parse pipeline definition." begins every such text of AWS (sagemaker-python-sdk
        # issues 2345, 3908, 4994); what follows is ours.
        ({"PipelineDefinition": "{"}, "Unable to parse pipeline definition. It is no JSON: "),
        (
            {"PipelineDefinition": definition({"Name": "A", "Type": "EMR", "Arguments": {}})},
            "Unable to parse pipeline definition. The step 'A' is of type EMR, which is not carried out",
        ),
        (
            {"PipelineDefinitionS3Location": {"Bucket": "definitions", "ObjectKey": "binary"}},
            "Unable to parse pipeline definition. S3://definitions/binary is not written in UTF-8",
        ),
        (
            {"PipelineDefinitionS3Location": {"Bucket": "definitions", "ObjectKey": "missing"}},
            "there is no s3://definitions/missing",
        ),
        (
            {
                "PipelineDefinition": definition(),
                "PipelineDefinitionS3Location": {"Bucket": "definitions", "ObjectKey": "binary"},
            },
            # getmoto/moto, sagemaker/models.py.
            "Both Pipeline Definition and Pipeline Definition S3 Location shouldn't be present",
        ),
    ],
)
def test_a_definition_that_cannot_be_carried_out_is_refused(
    sagemaker: Any, pipelines: PipelinePlane, operation: str, given: dict[str, Any], told: str
) -> None:
    pipelines.objects["definitions", "binary", None] = b"\xff"
    create(sagemaker)
    name = "Other" if operation == "create_pipeline" else "Bank"

    code, message = refused(getattr(sagemaker, operation), PipelineName=name, RoleArn=ROLE, **given)

    assert code == "ValidationException"
    assert message.startswith(told)
    assert sagemaker.describe_pipeline(PipelineName="Bank")["PipelineDefinition"] == definition()
    assert len(sagemaker.list_pipelines()["PipelineSummaries"]) == 1


def test_a_pipeline_without_any_definition_is_refused(sagemaker: Any, pipelines: PipelinePlane) -> None:
    # getmoto/moto, sagemaker/models.py.
    assert refused(sagemaker.create_pipeline, PipelineName="Bank", RoleArn=ROLE) == (
        "ValidationException",
        "Either Pipeline Definition or Pipeline Definition S3 location should be provided",
    )


def test_a_definition_in_s3_is_read_once_in_the_version_that_is_named(
    sagemaker: Any, pipelines: PipelinePlane
) -> None:
    pipelines.objects["definitions", "bank.json", "v1"] = definition(fail_step("First")).encode()
    pipelines.objects["definitions", "bank.json", None] = definition(fail_step("Newest")).encode()
    location = {"Bucket": "definitions", "ObjectKey": "bank.json"}

    sagemaker.create_pipeline(
        PipelineName="Bank", RoleArn=ROLE, PipelineDefinitionS3Location={**location, "VersionId": "v1"}
    )
    created = sagemaker.describe_pipeline(PipelineName="Bank")["PipelineDefinition"]
    sagemaker.update_pipeline(PipelineName="Bank", PipelineDefinitionS3Location=location)
    updated = sagemaker.describe_pipeline(PipelineName="Bank")["PipelineDefinition"]

    assert (created, updated) == (definition(fail_step("First")), definition(fail_step("Newest")))


def test_an_update_replaces_what_it_names_and_leaves_the_rest(
    sagemaker: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    create(sagemaker, PipelineDescription="monthly")
    created = moment(plane)
    plane.clock.move(60)

    answer = sagemaker.update_pipeline(PipelineName="Bank", PipelineDisplayName="Bank-of-rows")

    described = sagemaker.describe_pipeline(PipelineName="Bank")
    assert (answer["PipelineArn"], answer["PipelineVersionId"]) == (ARN, 1)
    assert (described["PipelineDisplayName"], described["PipelineDescription"]) == ("Bank-of-rows", "monthly")
    assert (described["CreationTime"], described["LastModifiedTime"]) == (created, moment(plane))


def test_a_pipeline_that_is_not_there(sagemaker: Any, pipelines: PipelinePlane) -> None:
    for name in ("describe_pipeline", "update_pipeline", "delete_pipeline", "list_pipeline_executions"):
        assert refused(getattr(sagemaker, name), PipelineName="Bank") == (
            "ResourceNotFound",
            f"Pipeline '{ARN}' does not exist.",
        )


def test_nobody_sees_the_pipelines_of_another_account_or_region(
    sagemaker: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    for account, region in (("111122223333", "eu-west-1"), ("123456789012", "us-east-1")):
        theirs = plane.client(account=account, region=region)
        pipeline = create(theirs)
        execution = start(theirs)

        for name in ("describe_pipeline", "start_pipeline_execution"):
            assert refused(getattr(sagemaker, name), PipelineName=pipeline)[0] == "ResourceNotFound"
        for name in ("describe_pipeline_execution", "stop_pipeline_execution"):
            assert refused(getattr(sagemaker, name), PipelineExecutionArn=execution)[0] == "ResourceNotFound"
        theirs.close()


def test_a_token_gives_one_pipeline_however_often_it_is_sent(
    sagemaker: Any, pipelines: PipelinePlane
) -> None:
    create(sagemaker, ClientRequestToken=TOKEN)

    assert create(sagemaker, ClientRequestToken=TOKEN) == ARN

    code, message = refused(
        sagemaker.create_pipeline,
        PipelineName="Other",
        RoleArn=ROLE,
        PipelineDefinition=definition(),
        ClientRequestToken=TOKEN,
    )
    assert code == "ConflictException"
    assert TOKEN in message
    sagemaker.delete_pipeline(PipelineName="Bank", ClientRequestToken=OTHER_TOKEN)
    # The repetition of a deletion is answered, and deletes nothing that has come since.
    create(sagemaker)
    assert (
        sagemaker.delete_pipeline(PipelineName="Bank", ClientRequestToken=OTHER_TOKEN)["PipelineArn"] == ARN
    )
    sagemaker.describe_pipeline(PipelineName="Bank")


def test_a_token_of_a_pipeline_that_is_gone_makes_no_second_one(
    sagemaker: Any, pipelines: PipelinePlane
) -> None:
    create(sagemaker, ClientRequestToken=TOKEN)
    sagemaker.delete_pipeline(PipelineName="Bank")

    code, _message = refused(
        sagemaker.create_pipeline,
        PipelineName="Bank",
        RoleArn=ROLE,
        PipelineDefinition=definition(),
        ClientRequestToken=TOKEN,
    )

    assert code == "ConflictException"


def test_lists_have_prefixes_orders_pages_and_times(
    sagemaker: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    names = ["Bank-c", "Bank-a", "Retail-b"]
    for name in names:
        create(sagemaker, name)
        plane.clock.move(60)

    def listed(**parameters: Any) -> list[str]:
        found = sagemaker.list_pipelines(**parameters)["PipelineSummaries"]
        return [summary["PipelineName"] for summary in found]

    # No order of AWS's is documented; newest first, as its steps and versions are.
    assert listed() == names[::-1]
    assert listed(SortOrder="Ascending") == names
    assert listed(SortBy="Name", SortOrder="Ascending") == sorted(names)
    assert listed(PipelineNamePrefix="Bank", SortOrder="Ascending") == ["Bank-c", "Bank-a"]
    # A prefix is no part of a name elsewhere.
    assert listed(PipelineNamePrefix="ank") == []
    assert listed(CreatedAfter=1_700_000_030, CreatedBefore=1_700_000_090) == ["Bank-a"]
    assert listed(ManagedBy="AWS") == []
    assert listed(ManagedBy="CUSTOMER") == names[::-1]
    first = sagemaker.list_pipelines(MaxResults=2)
    assert listed(MaxResults=2, NextToken=first["NextToken"]) == ["Bank-c"]


def test_tags_are_kept_and_told_by_arn(sagemaker: Any, pipelines: PipelinePlane) -> None:
    create(sagemaker, Tags=[{"Key": "team", "Value": "growth"}])

    sagemaker.add_tags(ResourceArn=ARN, Tags=[{"Key": "stage", "Value": "test"}])

    told = sagemaker.list_tags(ResourceArn=ARN)["Tags"]
    assert told == [{"Key": "team", "Value": "growth"}, {"Key": "stage", "Value": "test"}]
    code, _message = refused(
        sagemaker.create_pipeline,
        PipelineName="Other",
        RoleArn=ROLE,
        PipelineDefinition=definition(),
        Tags=[{"Key": "aws:team", "Value": "x"}],
    )
    assert code == "ValidationException"


def test_a_pipeline_goes_with_all_that_is_below_it_once_nothing_of_it_runs(
    sagemaker: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    create(sagemaker)
    create(sagemaker, "Other")
    execution, other = start(sagemaker), start(sagemaker, "Other")
    step = pipelines.step(execution, "Wait", "Executing")

    code, message = refused(sagemaker.delete_pipeline, PipelineName="Bank")

    # The model's text: "Deletes a pipeline if there are no running instances of the pipeline."
    assert code == "ConflictException"
    assert execution in message
    pipelines.end(execution, "Stopped")
    assert sagemaker.delete_pipeline(PipelineName="Bank")["PipelineArn"] == ARN
    # "When you delete a pipeline, all instances of the pipeline are deleted."
    gone = refused(sagemaker.describe_pipeline_execution, PipelineExecutionArn=execution)
    assert gone == ("ResourceNotFound", f"Pipeline execution '{execution}' does not exist.")
    assert plane.store.get(step) is None
    create(sagemaker)
    assert sagemaker.list_pipeline_executions(PipelineName="Bank")["PipelineExecutionSummaries"] == []
    assert len(sagemaker.list_pipeline_versions(PipelineName="Bank")["PipelineVersionSummaries"]) == 1
    sagemaker.describe_pipeline_execution(PipelineExecutionArn=other)
