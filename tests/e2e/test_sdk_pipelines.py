"""Pipelines of the SageMaker SDKs, v3 and v2, unmodified and over ordinary sessions.

Each scenario of tests/support/sdk_pipeline_scenarios.py is played by both;
what the SDK says of it is compared with the jobs that the engine has started.
Where a text is AWS's own, its source stands beside it.
"""

import json
import re
import subprocess
from collections import Counter
from dataclasses import asdict, dataclass

import pytest

from scripts.commands import ROOT
from tests.support.emulator import Emulator
from tests.support.job_starts import counted_starts
from tests.support.localstack_calls import fresh
from tests.support.sdk_pipelines import Facts, Request
from tests.support.sdk_shell import PYTHONS, environment

PROGRAM_SECONDS = 600
ARN = "arn:aws:sagemaker:us-east-1:000000000000:pipeline"
# Recorded of AWS in sagemaker-python-sdk, tests/integ/sagemaker/workflow/test_fail_steps.py.
STEPS_FAILED = "Step failure: One or multiple steps failed"


@dataclass(frozen=True, slots=True)
class Told:
    """What an SDK was asked, what it has noted, and how often each job was started."""

    sdk: str
    request: Request
    noted: dict[str, Facts]
    starts: Counter[str]

    def of(self, scenario: str) -> Facts:
        """What was noted of a scenario, which must not have broken off."""
        facts = self.noted[scenario]
        assert "error" not in facts, facts["error"]
        return facts

    def starts_of(self, execution: Facts) -> list[int]:
        """How often the job of each step of an execution was started, the newest step first."""
        return [self.starts[arn_of(step)] for step in execution["steps"]]


@pytest.fixture(scope="module", params=["v3", "v2"])
def told(
    request: pytest.FixtureRequest,
    emulator: Emulator,
    bucket: str,
    preprocess_image: str,
    train_xgb_image: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Told:
    """An SDK that has played everything once."""
    folder = tmp_path_factory.mktemp(f"pipelines-{request.param}")
    asked = Request(
        name=fresh(f"ppl-{request.param}"),
        data_uri=f"s3://{bucket}/data",
        preprocess_image=preprocess_image,
        train_xgb_image=train_xgb_image,
        hyperparameters={"num_round": 20, "eta": 0.3},
    )
    python = PYTHONS[request.param]
    assert python.exists(), f"{python.parents[1].name} is not there; `make test` makes it"
    with counted_starts() as starts:
        played = subprocess.run(
            [str(python), "-m", f"tests.support.sdk_{request.param}_pipelines", str(folder / "noted.json")],
            check=False,
            cwd=ROOT,
            env=environment(emulator.localstack.endpoint_url, folder),
            input=json.dumps(asdict(asked)),
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS,
        )
    assert played.returncode == 0, (played.stdout + played.stderr)[-6000:]
    return Told(request.param, asked, json.loads((folder / "noted.json").read_text("utf-8")), starts)


def arn_of(step: Facts) -> str:
    """The ARN that a step's metadata has."""
    arn: str = next(iter(step["Metadata"].values()))["Arn"]
    return arn


def statuses(execution: Facts) -> dict[str, str]:
    """The steps that have begun, and how each has ended."""
    return {step["StepName"]: step["StepStatus"] for step in execution["steps"]}


def step_of(execution: Facts, name: str) -> Facts:
    """A step whose name begins like this; v2 appends what a model step does."""
    return next(step for step in execution["steps"] if step["StepName"].startswith(name))


def test_a_pipeline_is_described_as_it_was_defined(told: Told) -> None:
    gate = told.of("gate")

    assert gate["created"] == gate["described"]["PipelineArn"] == f"{ARN}/{told.request.name}-gate"
    assert gate["described"]["PipelineStatus"] == "Active"
    assert json.loads(gate["described"]["PipelineDefinition"]) == gate["definition"]


def test_from_rows_to_a_registered_version(told: Told) -> None:
    good = told.of("gate")["good"]

    assert (good["status"], good["waiting"], good["reason"]) == ("Succeeded", "", None)
    assert set(statuses(good).values()) == {"Succeeded"}
    # The newest first, as the SDK's own tests of AWS read them.
    assert [step["StepName"].partition("-")[0] for step in good["steps"]][2:] == [
        *("GoodEnough", "Evaluate", "Train", "Prepare")
    ]
    assert {step["StepName"].partition("-")[0] for step in good["steps"][:2]} == {"Create", "Register"}
    kinds = {step["StepName"].partition("-")[0]: list(step["Metadata"]) for step in good["steps"]}
    assert kinds == {
        "Prepare": ["ProcessingJob"],
        "Train": ["TrainingJob"],
        "Evaluate": ["ProcessingJob"],
        "GoodEnough": ["Condition"],
        "Create": ["Model"],
        "Register": ["RegisterModel"],
    }
    assert step_of(good, "GoodEnough")["Metadata"]["Condition"]["Outcome"] == "True"
    prepare = step_of(good, "Prepare")
    assert (prepare["StepDisplayName"], prepare["StepDescription"]) == (
        "Rows to channels",
        "Copies what is there",
    )


def test_every_job_of_an_execution_is_started_once(told: Told) -> None:
    for execution in (told.of("gate")["good"], told.of("gate")["bad"]):
        jobs = {
            name: told.starts[arn_of(step_of(execution, name))] for name in ("Prepare", "Train", "Evaluate")
        }
        assert jobs == {"Prepare": 1, "Train": 1, "Evaluate": 1}


def test_jobs_get_what_references_and_parameters_stand_for(told: Told) -> None:
    gate = told.of("gate")
    train, identity = gate["train"], gate["good"]["arn"].rpartition("/")[2]

    # "pipelines-<execution id>-<step>-<10 random>" (the developer guide's output of list_steps).
    assert re.fullmatch(f"pipelines-{identity}-Train-[A-Za-z0-9]{{10}}", train["TrainingJobName"])
    assert train["AlgorithmSpecification"]["TrainingImage"] == told.request.train_xgb_image
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in train["InputDataConfig"]
    }
    prepared = f"{told.request.data_uri}/out/{identity}/prepare"
    assert channels == {name: f"{prepared}/{name}" for name in ("train", "validation", "encoder")}
    model = next(each for each in gate["evaluate"]["ProcessingInputs"] if each["InputName"] == "model")
    assert model["S3Input"]["S3Uri"] == train["ModelArtifacts"]["S3ModelArtifacts"]


def test_the_version_holds_the_model_its_metrics_and_the_approval_asked_for(told: Told) -> None:
    gate = told.of("gate")
    version, identity = gate["version"], gate["good"]["arn"].rpartition("/")[2]

    assert version["ModelPackageGroupName"] == told.request.name
    assert version["ModelApprovalStatus"] == "PendingManualApproval"
    container = version["InferenceSpecification"]["Containers"][0]
    assert container["ModelDataUrl"] == gate["train"]["ModelArtifacts"]["S3ModelArtifacts"]
    assert version["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"] == (
        f"{told.request.data_uri}/out/{identity}/evaluate/evaluation.json"
    )


def test_a_model_that_is_not_good_enough_fails_the_execution_with_both_values(told: Told) -> None:
    bad = told.of("gate")["bad"]
    refuse = bad["steps"][0]

    assert bad["status"] == "Failed"
    assert STEPS_FAILED in bad["reason"]
    assert "terminal failure state" in bad["waiting"]
    assert statuses(bad) == {
        "Prepare": "Succeeded",
        "Train": "Succeeded",
        "Evaluate": "Succeeded",
        "GoodEnough": "Succeeded",
        "Refuse": "Failed",
    }
    assert re.fullmatch(r"auc 0\.\d+ is below 0\.999", refuse["FailureReason"])
    assert refuse["Metadata"]["Fail"]["ErrorMessage"] == refuse["FailureReason"]
    assert step_of(bad, "GoodEnough")["Metadata"]["Condition"]["Outcome"] == "False"


def test_executions_and_their_parameters_are_listed(told: Told) -> None:
    gate = told.of("gate")
    newest, oldest = gate["executions"]

    assert [newest["PipelineExecutionArn"], oldest["PipelineExecutionArn"]] == [
        gate["bad"]["arn"],
        gate["good"]["arn"],
    ]
    assert (newest["PipelineExecutionStatus"], oldest["PipelineExecutionStatus"]) == ("Failed", "Succeeded")
    assert STEPS_FAILED in newest["PipelineExecutionFailureReason"]
    assert (oldest["PipelineExecutionDisplayName"], oldest["PipelineExecutionDescription"]) == (
        "good",
        "as it should",
    )
    # The form of those that nobody has named, recorded of AWS: "execution-1729200011911".
    assert re.fullmatch(r"execution-\d{13}", newest["PipelineExecutionDisplayName"])
    assert gate["parameters"] == {
        "ProcessingImage": told.request.preprocess_image,
        "TrainingImage": told.request.train_xgb_image,
        "Threshold": "0.5",
        "Approval": "PendingManualApproval",
        "Rows": told.request.data_uri,
    }


def test_conditions_decide_by_parameters_of_every_type(told: Told) -> None:
    plays = told.of("conditions")["plays"]

    # An outcome is written in small letters (test_fail_steps.py, as above).
    assert [play["steps"][0]["FailureReason"] for play in plays] == [
        "true/1/0.5/red/true",
        "false/1/0.5/Red/true",
        "true/3/0.5/green/true",
        "false/1/0.125/red/true",
        "false/1/0.5/red/false",
    ]
    outcomes = [step_of(play, "Check")["Metadata"]["Condition"]["Outcome"] for play in plays]
    assert outcomes == ["True", "False", "True", "False", "False"]


def test_parameters_that_a_pipeline_does_not_take_are_refused_by_name(told: Told) -> None:
    value, kind, name = told.of("conditions")["refused"]

    assert "ValidationException" in value
    assert "Word" in value
    assert "Number" in kind
    assert "Nobody" in name


def test_a_job_that_fails_is_started_once_whatever_the_policies_and_nothing_follows(told: Told) -> None:
    first = told.of("failing")["first"]
    (broken,) = first["steps"]

    assert (first["status"], broken["StepName"], broken["StepStatus"]) == ("Failed", "Broken", "Failed")
    # Of AWS: "ClientError: AlgorithmError: …" (sagemaker-mlops, tests/integ/workflow/test_step_decorator.py).
    assert broken["FailureReason"].startswith("ClientError: ")
    assert "no rows today" in broken["FailureReason"]
    assert told.starts_of(first) == [1]


def test_a_failed_execution_is_retried_with_a_job_of_its_own(told: Told) -> None:
    failing = told.of("failing")
    first, again = failing["first"], failing["again"]

    assert first["arn"] == again["arn"]
    assert (again["status"], statuses(again)) == ("Failed", {"Broken": "Failed"})
    assert arn_of(again["steps"][0]) != arn_of(first["steps"][0])
    assert told.starts_of(again) == [1]


def test_a_cached_step_starts_no_job_until_its_arguments_change(told: Told) -> None:
    caching = told.of("caching")
    first, same, other = (step_of(caching[name], "Cached") for name in ("first", "same", "other"))

    assert caching["definition"]["Steps"][0]["CacheConfig"] == {"Enabled": True, "ExpireAfter": "30d"}
    assert same["CacheHitResult"] == {"SourcePipelineExecutionArn": caching["first"]["arn"]}
    assert arn_of(same) == arn_of(first) != arn_of(other)
    assert "SourcePipelineExecutionArn" not in other.get("CacheHitResult", {})
    assert (told.starts[arn_of(first)], told.starts[arn_of(other)]) == (1, 1)
    assert [execution["status"] for execution in (caching["same"], caching["other"])] == ["Succeeded"] * 2
    # The step behind it asks for no cache.
    assert arn_of(step_of(caching["same"], "After")) != arn_of(step_of(caching["first"], "After"))


def test_a_selected_step_runs_upon_the_results_of_the_source(told: Told) -> None:
    selecting = told.of("selecting")
    again = selecting["again"]

    assert again["status"] == "Succeeded"
    read, write = again["steps"]
    assert (read["StepName"], write["StepName"]) == ("Read", "Write")
    assert write["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": selecting["whole"]["arn"]}
    assert (
        selecting["read"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] == f"{told.request.data_uri}/selecting"
    )
    assert told.starts_of(selecting["whole"]) == [1, 1]
    assert told.starts[arn_of(read)] == 1
    assert "Nowhere" in selecting["refused"]


def test_no_more_steps_run_at_a_time_than_are_allowed(told: Told) -> None:
    parallel = told.of("parallel")

    assert parallel["described"]["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 1}
    second, first = parallel["one"]["steps"]
    assert first["EndTime"] <= second["StartTime"]
    assert parallel["both"]["described"]["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 2}
    left, right = parallel["both"]["steps"]
    assert max(left["StartTime"], right["StartTime"]) < min(left["EndTime"], right["EndTime"])


def test_a_pipeline_is_updated_while_earlier_executions_keep_their_definition(told: Told) -> None:
    updating = told.of("updating")

    assert updating["created"] == updating["updated"]
    assert updating["described"]["PipelineDescription"] == "two"
    assert updating["described"]["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 5}
    assert {tag["Key"]: tag["Value"] for tag in updating["tags"]} == {"stage": "test", "team": "a"}
    assert [updating[name]["steps"][0]["FailureReason"] for name in ("before", "after")] == [
        "before",
        "after",
    ]
    kept = json.loads(updating["kept"]["PipelineDefinition"])
    assert kept["Parameters"][0]["DefaultValue"] == "before"
    listed = updating["executions"]["PipelineExecutionSummaries"]
    assert [each["PipelineExecutionArn"] for each in listed] == [
        updating[name]["arn"] for name in ("before", "after")
    ]


def test_a_name_that_is_taken_and_a_pipeline_that_is_gone_are_refused_in_awss_words(told: Told) -> None:
    updating = told.of("updating")

    # aws-doc-sdk-examples look for the first sentence, the SDK's upsert for the end of the second.
    assert "Pipeline names must be unique within an AWS account and region" in updating["again"]
    assert "already exists" in updating["again"]
    assert "ResourceNotFound" in updating["gone"]


def test_stop_ends_the_running_job_and_begins_nothing(told: Told) -> None:
    stopping = told.of("stopping")
    (long,) = stopping["steps"]

    assert (long["StepName"], long["StepStatus"]) == ("Long", "Stopped")
    assert stopping["job"]["ProcessingJobStatus"] == "Stopped"
    assert told.starts[arn_of(long)] == 1


def test_a_function_decides_and_passes_its_outputs_on(told: Told) -> None:
    calling = told.of("calling")
    odd = calling["odd"]

    assert odd["steps"][0]["FailureReason"] == "6 n3 0.75 false"
    function = step_of(odd, "Call")["Metadata"]["Lambda"]
    assert function["Arn"].endswith(f":function:{told.request.name}-answer")
    assert {each["Name"]: each["Value"] for each in function["OutputParameters"]} == {
        "doubled": "6",
        "label": "n3",
        "share": "0.75",
        "even": "false",
    }
    assert (calling["even"]["status"], statuses(calling["even"])) == (
        "Succeeded",
        {"Call": "Succeeded", "Check": "Succeeded"},
    )
    (broken,) = calling["broken"]["steps"]
    assert (broken["StepName"], broken["StepStatus"]) == ("Call", "Failed")
    assert "there is no such count" in broken["FailureReason"]


def test_a_callback_is_answered_from_outside(told: Told) -> None:
    asking = told.of("asking")
    message, (waiting,) = asking["message"], asking["waiting"]

    # The members of the message are the developer guide's ("Callback step").
    assert message["pipelineExecutionArn"] == asking["good"]["arn"]
    assert message["arguments"] == {"question": "which", "n": 2}
    assert message["status"] == "Executing"
    assert (waiting["StepStatus"], waiting["Metadata"]["Callback"]["CallbackToken"]) == (
        "Executing",
        message["token"],
    )
    assert asking["good"]["steps"][0]["FailureReason"] == "green"
    assert (asking["bad"]["status"], asking["bad"]["steps"][0]["FailureReason"]) == ("Failed", "nobody knows")


def test_a_folder_of_code_runs_in_an_image_that_has_never_heard_of_it(told: Told) -> None:
    coding = told.of("coding")

    assert coding["execution"]["status"] == "Succeeded", coding
    assert any("the folder came along" in line for line in coding["printed"]), coding["printed"]


def test_a_definition_larger_than_a_request_is_read_from_s3(told: Told) -> None:
    large = told.of("large")

    assert (large["created"], large["steps"]) == (f"{ARN}/{told.request.name}-large", 2000)


def test_experiments_are_named_as_the_pipeline_says(told: Told) -> None:
    naming = told.of("naming")
    own = naming["own"]

    # Names in ARNs keep their case (sagemaker-python-sdk, tests/integ, names in mixed case).
    assert naming["created"] == f"{ARN}/{told.request.name}-Naming"
    assert own["described"]["PipelineExperimentConfig"] == {
        "ExperimentName": f"{told.request.name}-e",
        "TrialName": f"trial-{own['arn'].rpartition('/')[2]}",
    }
    assert "PipelineExperimentConfig" not in naming["none"]["described"]


def test_definitions_that_cannot_be_carried_out_are_refused_at_create(told: Told) -> None:
    refused = told.of("refused")

    # AWS's words (test_fail_steps.py, as above).
    assert "Check can not depends on End" in refused["after_fail"]
    assert "Number" in refused["parameter"]


def test_steps_of_public_examples_run_too(told: Told) -> None:
    if told.sdk == "v3":
        pytest.skip("v3 has no step collections")
    collections = told.of("collections")

    assert collections["status"] == "Succeeded", collections
    assert statuses(collections) == {
        "Train": "Succeeded",
        "Create": "Succeeded",
        "Register-RegisterModel": "Succeeded",
    }
