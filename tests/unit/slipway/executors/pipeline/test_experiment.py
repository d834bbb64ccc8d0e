"""The names of an execution's experiment and trial."""

import json
from typing import Any

from slipway.resources.resource import Key

from tests.support.pipeline_ticks import ROLE, Ticking

# The SDK's default in both versions (_DEFAULT_EXPERIMENT_CFG).
OF_THE_SDK = {
    "ExperimentName": {"Get": "Execution.PipelineName"},
    "TrialName": {"Get": "Execution.PipelineExecutionId"},
}
FAIL = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "stopped"}}


def ended(ticking: Ticking, experiment: Any) -> tuple[Key, dict[str, Any]]:
    """An execution of a pipeline with this experiment, and what is described of it at its end."""
    definition = {"Version": "2020-12-01", "PipelineExperimentConfig": experiment, "Steps": [FAIL]}
    ticking.client.create_pipeline(
        PipelineName="Mixed-Case", PipelineDefinition=json.dumps(definition), RoleArn=ROLE
    )
    execution = ticking.start_again("Mixed-Case")
    assert ticking.tick(execution) == "Failed"
    return execution, ticking.client.describe_pipeline_execution(PipelineExecutionArn=execution.arn)


def test_the_sdks_default_names_the_pipeline_in_small_letters_and_the_execution(ticking: Ticking) -> None:
    execution, described = ended(ticking, OF_THE_SDK)

    # Recorded: the execution ztefwbnlgoif of SimpleXGBoostPipeline had simplexgboostpipeline, ztefwbnlgoif.
    assert described["PipelineExperimentConfig"] == {
        "ExperimentName": "mixed-case",
        "TrialName": execution.name.rpartition("/")[2],
    }


def test_names_of_ones_own_stay_as_they_are(ticking: Ticking) -> None:
    join = {"Std:Join": {"On": "-", "Values": ["Trial", {"Get": "Execution.PipelineExecutionId"}]}}

    execution, described = ended(ticking, {"ExperimentName": "Mine", "TrialName": join})

    assert described["PipelineExperimentConfig"] == {
        "ExperimentName": "Mine",
        "TrialName": f"Trial-{execution.name.rpartition('/')[2]}",
    }


def test_without_an_experiment_there_are_no_names(ticking: Ticking) -> None:
    _, described = ended(ticking, None)

    assert "PipelineExperimentConfig" not in described


def test_a_name_that_is_no_text_ends_the_execution_with_it(ticking: Ticking) -> None:
    file = {"Std:JsonGet": {"S3Uri": "s3://shop/names.json", "Path": "name"}}
    ticking.objects["s3://shop/names.json"] = {"name": 3}

    _, described = ended(ticking, {"ExperimentName": file, "TrialName": "t"})

    assert "ExperimentName is a text, not 3" in described["FailureReason"]
