"""QualityCheck steps: which baseline is compared with, and what becomes of what that finds."""

import json
from typing import Any

import pytest
from slipway.errors import ServiceUnavailable
from slipway.resources.document import Document
from slipway.resources.resource import Key

from tests.support.emulator_pipelines import get
from tests.support.pipeline_definitions import quality_check
from tests.support.pipeline_ticks import Ticking, processing
from tests.support.registry import SPECIFICATION

REPORT = "s3://bucket/report"
CALCULATED = {
    "CalculatedBaselineConstraints": f"{REPORT}/constraints.json",
    "CalculatedBaselineStatistics": f"{REPORT}/statistics.json",
}
BEFORE = {
    "SuppliedBaselineConstraints": "s3://bucket/before/constraints.json",
    "SuppliedBaselineStatistics": "s3://bucket/before/statistics.json",
}
USED = {
    "BaselineUsedForDriftCheckConstraints": "s3://bucket/before/constraints.json",
    "BaselineUsedForDriftCheckStatistics": "s3://bucket/before/statistics.json",
}
VIOLATION = {"feature_name": "age", "constraint_check_type": "baseline_drift_check", "description": "far"}


def ended(ticking: Ticking, step: Document, violations: Any = ()) -> Key:
    """An execution whose check's job has ended, with those violations in its report."""
    ticking.objects[f"{REPORT}/constraint_violations.json"] = {"violations": list(violations)}
    execution = ticking.start(step)
    ticking.tick(execution)
    ticking.end_job(execution, "Check")
    ticking.tick(execution)
    return execution


def shown(ticking: Ticking, execution: Key) -> Document:
    """The check's metadata, without the job's ARN, which is looked at apart."""
    metadata: Document = ticking.steps(execution)["Check"].document["Metadata"]["QualityCheck"]
    job = ticking.row(ticking.job(execution, "Check"))
    assert metadata["CheckJobArn"] == job.arn
    return {name: value for name, value in metadata.items() if name != "CheckJobArn"}


def test_a_check_without_violations_succeeds_and_carries_the_baseline_over(ticking: Ticking) -> None:
    execution = ended(ticking, quality_check("Check", **BEFORE))

    assert ticking.row(execution).status == "Succeeded"
    # sagemaker-python-sdk, test_one_step_data_quality_pipeline_happycase: no ViolationReport.
    flags = {"CheckType": "DATA_QUALITY", "SkipCheck": False, "RegisterNewBaseline": False}
    assert shown(ticking, execution) == {**flags, **CALCULATED, **USED}
    environment = ticking.row(ticking.job(execution, "Check")).document["Environment"]
    assert environment["baseline_statistics"] == "/opt/ml/processing/baseline/stats/statistics.json"


def test_violations_fail_the_step_and_the_report_is_named(ticking: Ticking) -> None:
    execution = ended(ticking, quality_check("Check", **BEFORE), [VIOLATION])

    step = ticking.steps(execution)["Check"]
    assert step.status == "Failed"
    # The beginning is AWS's: sagemaker-python-sdk, test_quality_check_steps.py.
    assert step.document["FailureReason"] == (
        f"ClientError: Quality check failed. See violation report {REPORT}/constraint_violations.json"
    )
    assert shown(ticking, execution)["ViolationReport"] == f"{REPORT}/constraint_violations.json"


def test_a_check_that_shall_not_fail_on_violations_names_them_and_succeeds(ticking: Ticking) -> None:
    execution = ended(ticking, quality_check("Check", FailOnViolation=False, **BEFORE), [VIOLATION])

    assert ticking.row(execution).status == "Succeeded"
    assert shown(ticking, execution)["ViolationReport"] == f"{REPORT}/constraint_violations.json"


@pytest.mark.parametrize(
    ("skip", "register", "used"),
    [
        # Developer guide, "Baseline calculation and registration for ClarifyCheck and QualityCheck steps".
        (False, True, {f"BaselineUsedForDriftCheck{k[18:]}": uri for k, uri in CALCULATED.items()}),
        (True, False, USED),
        (True, True, {f"BaselineUsedForDriftCheck{k[18:]}": uri for k, uri in CALCULATED.items()}),
    ],
)
def test_what_later_steps_use_is_the_guides_table(
    ticking: Ticking, skip: bool, register: bool, used: Document
) -> None:
    step = quality_check("Check", SkipCheck=skip, RegisterNewBaseline=register, **BEFORE)

    execution = ended(ticking, step, [VIOLATION] if skip else [])

    assert ticking.row(execution).status == "Succeeded"
    assert shown(ticking, execution).items() >= used.items()
    environment = ticking.row(ticking.job(execution, "Check")).document["Environment"]
    assert ("baseline_constraints" in environment) is not skip


def test_a_first_run_needs_no_baseline_when_it_skips_the_check_and_registers(ticking: Ticking) -> None:
    execution = ended(ticking, quality_check("Check", SkipCheck=True, RegisterNewBaseline=True))

    assert ticking.row(execution).status == "Succeeded"


@pytest.mark.parametrize("members", [{}, {"SkipCheck": True}, {"RegisterNewBaseline": True}])
def test_any_other_check_without_a_baseline_fails_before_it_has_a_job(
    ticking: Ticking, members: Document
) -> None:
    execution = ticking.start(quality_check("Check", **members))

    assert ticking.tick(execution) == "Failed"
    reason = ticking.steps(execution)["Check"].document["FailureReason"]
    assert "there is no baseline of DATA_QUALITY: none is supplied, and the step names no group" in reason
    assert "CreateProcessingJob" not in ticking.calls


def version(ticking: Ticking, name: str, approval: str = "Approved", **baselines: Any) -> None:
    ticking.client.create_model_package(
        ModelPackageGroupName="churn",
        InferenceSpecification=SPECIFICATION,
        ModelApprovalStatus=approval,
        DriftCheckBaselines={
            "ModelDataQuality": {
                "Constraints": {
                    "ContentType": "application/json",
                    "S3Uri": f"s3://bucket/{name}/constraints.json",
                },
                "Statistics": {
                    "ContentType": "application/json",
                    "S3Uri": f"s3://bucket/{name}/statistics.json",
                },
            },
            **baselines,
        },
    )


def test_the_groups_newest_approved_version_has_the_baseline(ticking: Ticking) -> None:
    ticking.client.create_model_package_group(ModelPackageGroupName="churn")
    for name, approval in (("old", "Approved"), ("new", "Approved"), ("undecided", "PendingManualApproval")):
        ticking.clock.move(1)
        version(ticking, name, approval)

    execution = ended(ticking, quality_check("Check", ModelPackageGroupName="churn"))

    used = shown(ticking, execution)
    assert used["BaselineUsedForDriftCheckConstraints"] == "s3://bucket/new/constraints.json"
    assert used["ModelPackageGroupName"] == "churn"


def test_a_supplied_baseline_goes_before_the_groups(ticking: Ticking) -> None:
    ticking.client.create_model_package_group(ModelPackageGroupName="churn")
    version(ticking, "registered")

    execution = ended(ticking, quality_check("Check", ModelPackageGroupName="churn", **BEFORE))

    assert shown(ticking, execution).items() >= USED.items()


def test_a_group_that_is_not_there_fails_the_step_by_its_name(ticking: Ticking) -> None:
    execution = ticking.start(quality_check("Check", ModelPackageGroupName="nobody"))

    assert ticking.tick(execution) == "Failed"
    assert "nobody" in ticking.steps(execution)["Check"].document["FailureReason"]


def test_later_steps_get_the_files_by_reference(ticking: Ticking) -> None:
    reference = get("Steps.Check.CalculatedBaselineConstraints")
    ticking.objects[f"{REPORT}/constraint_violations.json"] = {"violations": []}
    execution = ticking.start(
        quality_check("Check", **BEFORE), processing("Use", environment={"CONSTRAINTS": reference})
    )
    ticking.tick(execution)
    ticking.end_job(execution, "Check")
    ticking.tick(execution)

    environment = ticking.row(ticking.job(execution, "Use")).document["Environment"]
    assert environment == {"CONSTRAINTS": f"{REPORT}/constraints.json"}


@pytest.mark.parametrize("report", [None, {}, {"violations": None}, []])
def test_a_job_that_left_no_report_is_never_taken_for_one_without_violations(
    ticking: Ticking, report: object
) -> None:
    execution = ticking.start(quality_check("Check", **BEFORE))
    ticking.tick(execution)
    if report is not None:
        ticking.objects[f"{REPORT}/constraint_violations.json"] = report
    ticking.end_job(execution, "Check")

    assert ticking.tick(execution) == "Failed"
    assert "constraint_violations.json" in ticking.steps(execution)["Check"].document["FailureReason"]


def test_a_job_that_fails_fails_the_step_for_its_own_reason(ticking: Ticking) -> None:
    execution = ticking.start(quality_check("Check", **BEFORE))
    ticking.tick(execution)
    ticking.end_job(execution, "Check", "Failed", "AlgorithmError: torn rows, exit code: 255")

    assert ticking.tick(execution) == "Failed"
    reason = ticking.steps(execution)["Check"].document["FailureReason"]
    assert reason == "ClientError: AlgorithmError: torn rows, exit code: 255"


def test_a_check_survives_the_end_of_the_process_with_the_baseline_that_it_began_with(
    ticking: Ticking,
) -> None:
    ticking.client.create_model_package_group(ModelPackageGroupName="churn")
    version(ticking, "first")
    ticking.objects[f"{REPORT}/constraint_violations.json"] = {"violations": []}
    execution = ticking.start(quality_check("Check", ModelPackageGroupName="churn"))
    ticking.tick(execution)
    ticking.clock.move(1)
    version(ticking, "second")

    ticking.restart()
    ticking.end_job(execution, "Check")
    ticking.tick(execution)

    assert ticking.row(execution).status == "Succeeded"
    used = shown(ticking, execution)["BaselineUsedForDriftCheckConstraints"]
    assert used == "s3://bucket/first/constraints.json"
    assert ticking.calls.count("CreateProcessingJob") == 1


def test_a_result_is_taken_again_with_its_metadata(ticking: Ticking) -> None:
    first = ended(ticking, quality_check("Check", CacheConfig={"Enabled": True}, **BEFORE))

    second = ticking.start_again(first.name.partition("/")[0])

    assert ticking.tick(second) == "Succeeded"
    hit = ticking.steps(second)["Check"].document
    assert hit["CacheHitResult"] == {"SourcePipelineExecutionArn": first.arn}
    assert hit["Metadata"] == ticking.steps(first)["Check"].document["Metadata"]


def test_another_approved_version_is_another_check(ticking: Ticking) -> None:
    ticking.client.create_model_package_group(ModelPackageGroupName="churn")
    version(ticking, "first")
    cached = {"CacheConfig": {"Enabled": True}, "ModelPackageGroupName": "churn"}
    first = ended(ticking, quality_check("Check", **cached))
    ticking.clock.move(1)
    version(ticking, "second")

    second = ticking.start_again(first.name.partition("/")[0])

    assert ticking.tick(second) == "Executing"


def test_a_stop_stops_the_job(ticking: Ticking) -> None:
    execution = ticking.start(quality_check("Check", **BEFORE))
    ticking.tick(execution)
    ticking.client.stop_pipeline_execution(
        PipelineExecutionArn=execution.arn, ClientRequestToken=json.dumps("t" * 40)
    )
    ticking.tick(execution)

    assert ticking.tick(execution) == "Stopped"
    assert ticking.statuses(execution) == {"Check": "Stopped"}
    assert "CheckJobArn" in ticking.steps(execution)["Check"].document["Metadata"]["QualityCheck"]


def test_a_registry_that_is_away_is_asked_again(ticking: Ticking) -> None:
    ticking.client.create_model_package_group(ModelPackageGroupName="churn")
    version(ticking, "first")
    ticking.refusals["ListModelPackages"] = [ServiceUnavailable("away")]
    execution = ticking.start(quality_check("Check", ModelPackageGroupName="churn"))

    assert ticking.tick(execution) == "Executing"
    assert ticking.steps(execution)["Check"].document["AttemptCount"] == 2
    ticking.real_clock.move(2)
    ticking.tick(execution)
    assert ticking.statuses(execution) == {"Check": "Executing"}
