"""A pipeline's versions: one a definition, by number and by alias (the model's texts)."""

from typing import Any

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.pipeline_plane import PipelinePlane, create, definition, fail_step, start
from tests.support.registry import PREFIX, refused

ARN = f"{PREFIX}:pipeline/Bank"
FIRST, SECOND = definition(fail_step("First")), definition(fail_step("Second"))


@pytest.fixture
def bank(sagemaker: Any, pipelines: PipelinePlane, plane: ControlPlane) -> Any:
    """The client, once there is a pipeline with two versions, the first of which is called `stable`."""
    create(sagemaker, PipelineDefinition=FIRST, PipelineVersionAliases=["stable"])
    plane.clock.move(60)
    sagemaker.update_pipeline(PipelineName="Bank", PipelineDefinition=SECOND)
    return sagemaker


def versions(sagemaker: Any, **parameters: Any) -> list[tuple[int, list[str]]]:
    found = sagemaker.list_pipeline_versions(PipelineName="Bank", **parameters)["PipelineVersionSummaries"]
    return [(one["PipelineVersionId"], one.get("PipelineVersionAliases", [])) for one in found]


def test_another_definition_is_another_version_and_the_newest_comes_first(bank: Any) -> None:
    # The SDK's Pipeline.latest_pipeline_version_id takes the first of a list without an order.
    assert versions(bank) == [(2, []), (1, ["stable"])]
    assert versions(bank, SortOrder="Ascending", MaxResults=1) == [(1, ["stable"])]

    same = bank.update_pipeline(PipelineName="Bank", PipelineDefinition=SECOND)
    other = bank.update_pipeline(PipelineName="Bank", PipelineDefinition=FIRST)

    assert (same["PipelineVersionId"], other["PipelineVersionId"]) == (2, 3)


def test_a_version_is_described_by_number_and_by_alias(bank: Any) -> None:
    def described(**parameters: Any) -> Any:
        return bank.describe_pipeline(PipelineName="Bank", **parameters)

    assert described()["PipelineDefinition"] == SECOND
    assert described(PipelineVersionId=1)["PipelineDefinition"] == FIRST
    assert described(PipelineVersionAlias="stable")["PipelineDefinition"] == FIRST
    assert described(PipelineVersionAlias="stable")["PipelineVersionAliases"] == ["stable"]
    assert "PipelineVersionAliases" not in described()


def test_a_version_that_is_not_there(bank: Any) -> None:
    for call in (bank.describe_pipeline, bank.start_pipeline_execution):
        assert refused(call, PipelineName="Bank", PipelineVersionId=3) == (
            "ResourceNotFound",
            f"Version 3 of pipeline '{ARN}' does not exist.",
        )
        # The model's text: "the request fails with a ResourceNotFound error".
        assert refused(call, PipelineName="Bank", PipelineVersionAlias="canary")[0] == "ResourceNotFound"
        both = {"PipelineVersionId": 1, "PipelineVersionAlias": "stable"}
        assert refused(call, PipelineName="Bank", **both)[0] == "ValidationException"
    assert refused(bank.list_pipeline_executions, PipelineName="Bank", PipelineVersionAlias="canary")[0] == (
        "ResourceNotFound"
    )


def test_an_execution_is_of_the_version_that_it_was_started_with(bank: Any, plane: ControlPlane) -> None:
    old = start(bank, PipelineVersionAlias="stable")
    new = start(bank)

    def definition_of(execution: str) -> str:
        answer = bank.describe_pipeline_definition_for_execution(PipelineExecutionArn=execution)
        text: str = answer["PipelineDefinition"]
        return text

    assert (definition_of(old), definition_of(new)) == (FIRST, SECOND)
    assert bank.describe_pipeline_execution(PipelineExecutionArn=old)["PipelineVersionId"] == 1
    of_stable = bank.list_pipeline_executions(PipelineName="Bank", PipelineVersionAlias="stable")
    assert [one["PipelineExecutionArn"] for one in of_stable["PipelineExecutionSummaries"]] == [old]
    assert of_stable["PipelineExecutionSummaries"][0]["PipelineVersionAliases"] == ["stable"]
    listed = bank.list_pipeline_versions(PipelineName="Bank")["PipelineVersionSummaries"]
    assert [one["LastExecutionPipelineExecutionArn"] for one in listed] == [new, old]


def test_a_version_is_renamed_and_its_aliases_move(bank: Any) -> None:
    def update(number: int, **operations: list[str]) -> Any:
        return bank.update_pipeline_version(
            PipelineArn=ARN,
            PipelineVersionId=number,
            PipelineVersionDisplayName="nightly",
            PipelineVersionDescription="of the night",
            PipelineVersionAliasOperations=operations,
        )

    update(1, Remove=["stable"], Add=["old"])
    answer = update(2, Add=["stable", "stable-2"])

    assert (answer["PipelineArn"], answer["PipelineVersionId"]) == (ARN, 2)
    assert versions(bank) == [(2, ["stable", "stable-2"]), (1, ["old"])]
    described = bank.describe_pipeline(PipelineName="Bank", PipelineVersionId=1)
    assert described["PipelineVersionDisplayName"] == "nightly"
    assert described["PipelineVersionDescription"] == "of the night"
    update(1, Remove=["old"])
    assert versions(bank)[1] == (1, [])


@pytest.mark.parametrize(
    ("number", "operations", "code"),
    [
        (2, {"Add": ["stable"]}, "ValidationException"),
        # The model's text: an alias "can't consist of numbers only".
        (2, {"Add": ["7"]}, "ValidationException"),
        (2, {"Remove": ["stable"]}, "ResourceNotFound"),
        # "a version can have up to 10 aliases"
        (1, {"Add": [f"a{number}" for number in range(10)]}, "ValidationException"),
        (3, {"Add": ["canary"]}, "ResourceNotFound"),
    ],
)
def test_an_alias_that_cannot_be_given_is_refused(
    bank: Any, number: int, operations: dict[str, list[str]], code: str
) -> None:
    before = versions(bank)

    told = refused(
        bank.update_pipeline_version,
        PipelineArn=ARN,
        PipelineVersionId=number,
        PipelineVersionAliasOperations=operations,
    )

    assert told[0] == code
    assert versions(bank) == before


def test_aliases_are_given_with_a_new_definition_only(bank: Any) -> None:
    # The model's text: "You can specify aliases only when the update changes the pipeline definition."
    for changed in ({}, {"PipelineDefinition": SECOND}):
        code, message = refused(
            bank.update_pipeline, PipelineName="Bank", PipelineVersionAliases=["canary"], **changed
        )
        assert code == "ValidationException"
        assert "UpdatePipelineVersion" in message
    # An alias belongs to one version, and a definition whose alias is refused is none.
    taken = {"PipelineDefinition": FIRST, "PipelineVersionAliases": ["stable"]}
    assert refused(bank.update_pipeline, PipelineName="Bank", **taken)[0] == "ValidationException"
    assert bank.describe_pipeline(PipelineName="Bank")["PipelineDefinition"] == SECOND

    bank.update_pipeline(PipelineName="Bank", PipelineDefinition=FIRST, PipelineVersionAliases=["canary"])

    assert versions(bank)[0] == (3, ["canary"])
