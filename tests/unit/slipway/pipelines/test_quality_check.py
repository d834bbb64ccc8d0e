"""What a QualityCheck step checks, and the request that its job is asked for with."""

from typing import Any

import pytest
from slipway.pipelines.caching import cache_key
from slipway.pipelines.expressions import ExpressionError
from slipway.pipelines.graph import dependencies
from slipway.pipelines.quality_check import (
    Baseline,
    comparing,
    registered_baseline,
    report_uri,
    with_defaults,
)

from tests.support.pipeline_definitions import get, quality_check, read, refusal, training

BASELINE = Baseline("s3://b/before/constraints.json", "s3://b/before/statistics.json")


def test_the_members_of_the_check_are_the_steps_target_and_null_is_as_if_it_were_not_there() -> None:
    step = read(quality_check("Check", SkipCheck=True, SuppliedBaselineConstraints="s3://b/c")).steps["Check"]

    assert step.target == {
        **{"CheckType": "DATA_QUALITY", "SkipCheck": True, "RegisterNewBaseline": False},
        **{"SuppliedBaselineConstraints": "s3://b/c"},
    }


def test_a_check_waits_for_what_it_refers_to_and_others_for_its_files() -> None:
    supplied = get("Steps.Before.ModelArtifacts.S3ModelArtifacts")
    used = get("Steps.Check.BaselineUsedForDriftCheckStatistics")

    definition = read(
        training("Before"),
        quality_check("Check", SuppliedBaselineConstraints=supplied),
        training("After", Arguments={"x": used}),
    )

    assert dependencies(definition) == {"Before": frozenset(), "Check": {"Before"}, "After": {"Check"}}


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (quality_check("C", CheckType="DATA_BIAS"), "CheckType is one of DATA_QUALITY, MODEL_QUALITY"),
        (quality_check("C", CheckType=None), "lacks CheckType"),
        (quality_check("C", SkipCheck="yes"), "SkipCheck is true, false or a reference, not 'yes'"),
        (quality_check("C", ModelPackageGroupName=1), "ModelPackageGroupName is a text or a reference"),
        (quality_check("C", ModelName="m"), "'ModelName' that is not carried out"),
        (training("T", CheckType="DATA_QUALITY"), "'CheckType' that is not carried out"),
    ],
)
def test_a_check_that_is_none_is_refused_by_the_members_name(step: Any, reason: str) -> None:
    assert reason in refusal(step)


def test_a_property_that_no_check_has_is_refused_with_those_that_it_has() -> None:
    wrong = training("T", Arguments={"x": get("Steps.Check.ViolationReport")})

    message = refusal(quality_check("Check"), wrong)

    assert "'Check' has no 'ViolationReport'" in message
    assert "'CalculatedBaselineConstraints'" in message


def test_flags_have_the_sdks_defaults_and_may_come_as_a_parameters_text() -> None:
    check = with_defaults({"CheckType": "DATA_QUALITY", "SkipCheck": "True", "ModelPackageGroupName": ""})

    # Both SDKs' QualityCheckStep: skip_check=False, fail_on_violation=True, register_new_baseline=False.
    assert check == {
        **{"CheckType": "DATA_QUALITY", "SkipCheck": True},
        **{"FailOnViolation": True, "RegisterNewBaseline": False},
    }
    with pytest.raises(ExpressionError, match="FailOnViolation is true or false, not 'perhaps'"):
        with_defaults({"CheckType": "DATA_QUALITY", "FailOnViolation": "perhaps"})


def test_the_job_of_a_check_gets_the_baseline_as_a_schedules_jobs_do() -> None:
    arguments = {"Environment": {"output_path": "/o"}, "ProcessingInputs": [{"InputName": "rows"}]}

    request = comparing(arguments, BASELINE)

    # contracts 5.1 and 5.2: files, not folders, in these two places.
    assert request["Environment"] == {
        "output_path": "/o",
        "baseline_constraints": "/opt/ml/processing/baseline/constraints/constraints.json",
        "baseline_statistics": "/opt/ml/processing/baseline/stats/statistics.json",
    }
    places = {each["InputName"]: each.get("S3Input", {}).get("S3Uri") for each in request["ProcessingInputs"]}
    assert places == {
        "rows": None,
        "constraints": "s3://b/before/constraints.json",
        "statistics": "s3://b/before/statistics.json",
    }
    assert arguments["Environment"] == {"output_path": "/o"}


@pytest.mark.parametrize(
    ("check_type", "member"), [("DATA_QUALITY", "ModelDataQuality"), ("MODEL_QUALITY", "ModelQuality")]
)
def test_a_version_carries_a_baseline_for_each_check(check_type: str, member: str) -> None:
    files = {"Constraints": {"S3Uri": "s3://b/c"}, "Statistics": {"S3Uri": "s3://b/s"}}

    assert registered_baseline(
        {"CheckType": check_type}, {"DriftCheckBaselines": {member: files}}
    ) == Baseline("s3://b/c", "s3://b/s")
    assert registered_baseline({"CheckType": check_type}, {"DriftCheckBaselines": {"Bias": files}}) is None
    assert registered_baseline({"CheckType": check_type}, {}) is None


def test_the_report_lies_where_the_environment_says() -> None:
    def output(path: str, uri: str) -> dict[str, Any]:
        return {"OutputName": path, "S3Output": {"LocalPath": path, "S3Uri": uri}}

    outputs = {"Outputs": [output("/other", "s3://b/other"), output("/report", "s3://b/report/")]}

    assert report_uri({"ProcessingOutputConfig": outputs, "Environment": {"output_path": "/report"}}) == (
        "s3://b/report"
    )
    with pytest.raises(ExpressionError, match="no single output for its report"):
        report_uri({"ProcessingOutputConfig": outputs})


def test_a_check_is_the_same_work_only_with_the_same_flags() -> None:
    def key(**members: Any) -> str | None:
        step = read(quality_check("Check", CacheConfig={"Enabled": True}, **members)).steps["Check"]
        return cache_key(step, step.arguments)

    # contracts 6.2: a check's key has its configuration and its flags.
    keys = {key(), key(SkipCheck=True), key(FailOnViolation=False), key(RegisterNewBaseline=True)}
    assert len(keys) == 4
    assert key() == key()
