"""Pipelines really run: their jobs, their decisions, and what is told of them."""

import pytest

from tests.support.emulator import Emulator
from tests.support.emulator_jobs import Jobs
from tests.support.emulator_pipelines import Pipelines, condition, fail, get, join
from tests.support.output_shapes import complaints

REPORT = "/opt/ml/processing/report"


@pytest.fixture(scope="module")
def pipelines(emulator: Emulator, preprocess_image: str) -> Pipelines:
    """Pipelines of the session's own emulator."""
    return Pipelines(Jobs(emulator, preprocess_image))


@pytest.mark.parametrize(
    ("auc", "outcome", "status"), [("0.9", "True", "Succeeded"), ("0.7", "False", "Failed")]
)
def test_a_condition_reads_what_a_job_has_written(
    pipelines: Pipelines, auc: str, outcome: str, status: str
) -> None:
    files = [{"PropertyFileName": "metrics", "OutputName": "report", "FilePath": "deep/metrics.json"}]
    evaluate = pipelines.processing(
        "Evaluate",
        join(
            f"cd {REPORT}; mkdir deep; echo '",
            '{"m": {"auc": ',
            get("Parameters.Auc"),
            "}}' > deep/metrics.json",
        ),
        outputs={"report": "reports"},
        PropertyFiles=files,
    )
    measured = {"Std:JsonGet": {"PropertyFile": get("Steps.Evaluate.PropertyFiles.metrics"), "Path": "m.auc"}}
    accepted = pipelines.processing("Accepted", "true")
    refused = fail("Refused", join("auc is below", get("Parameters.Least"), on=" "))
    parameters = [
        {"Name": "Auc", "Type": "String"},
        {"Name": "Least", "Type": "Float", "DefaultValue": 0.8},
    ]
    pipeline = pipelines.create(
        evaluate,
        condition("IsGood", measured, get("Parameters.Least"), [accepted], [refused]),
        parameters=parameters,
    )

    execution = pipelines.start(pipeline, {"Auc": auc})

    assert execution.ended() == status
    steps = execution.steps()
    branch = "Accepted" if outcome == "True" else "Refused"
    assert list(steps) == ["Evaluate", "IsGood", branch]
    assert steps["IsGood"]["Metadata"] == {"Condition": {"Outcome": outcome}}
    assert steps[branch].get("FailureReason") == (None if outcome == "True" else "auc is below 0.8")
    assert complaints("sagemaker", "DescribePipelineExecution", execution.describe()) == []
