"""What a monitoring job is told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from monitor.environment import Analysis, CategoricalDriftMethod, Command, merged_environment, parse_settings
from smcontract.failure import ContractError

NEEDED = {"dataset_source": "/in", "output_path": "/out", "dataset_format": '{"csv": {"header": true}}'}


@pytest.fixture
def baseline(tmp_path: Path) -> dict[str, str]:
    for name in ("constraints", "statistics"):
        (tmp_path / f"{name}.json").write_text("{}")
    return {f"baseline_{name}": str(tmp_path / f"{name}.json") for name in ("constraints", "statistics")}


def test_without_a_baseline_one_is_made() -> None:
    assert parse_settings(NEEDED).command is Command.BASELINE


def test_with_a_baseline_it_is_compared_with(baseline: dict[str, str]) -> None:
    assert parse_settings(NEEDED | baseline).command is Command.DRIFT


def test_a_baseline_job_may_be_insisted_on(baseline: dict[str, str]) -> None:
    assert parse_settings(NEEDED | baseline, "baseline").command is Command.BASELINE


def test_a_drift_job_without_its_baseline_is_refused(baseline: dict[str, str]) -> None:
    with pytest.raises(ContractError, match="baseline_statistics is not set"):
        parse_settings(NEEDED, "drift")
    del baseline["baseline_statistics"]
    with pytest.raises(ContractError, match="baseline_statistics is not set"):
        parse_settings(NEEDED | baseline)


def test_the_jobs_request_is_above_the_process() -> None:
    merged = merged_environment(
        {"Environment": {"a": "request", "n": None}}, {"a": "process", "b": "process"}
    )

    assert merged == {"a": "request", "b": "process"}


def test_times_are_utc_and_metrics_have_the_windows_start() -> None:
    settings = parse_settings(
        NEEDED | {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T01:00:00Z"}
    )

    assert settings.start_time == settings.metric_time == datetime(2026, 1, 1, tzinfo=UTC)
    assert settings.end_time == datetime(2026, 1, 1, 1, tzinfo=UTC)


def test_the_rest_is_read_too() -> None:
    settings = parse_settings(
        NEEDED
        | {
            "publish_cloudwatch_metrics": "Enabled",
            "categorical_drift_method": "ChiSquared",
            "exclude_features_attribute": "a, b",
            "sagemaker_endpoint_name": "ep",
        }
    )

    assert settings.publish_cloudwatch_metrics
    assert settings.categorical_drift_method is CategoricalDriftMethod.CHI_SQUARED
    assert settings.exclude_features == ("a", "b")
    assert settings.endpoint_name == "ep"


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(ContractError, match=f"{name} is not set"):
        parse_settings({key: value for key, value in NEEDED.items() if key != name})


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"analysis_type": "BIAS"}, "analysis_type=BIAS is not implemented; it can be DATA_QUALITY"),
        ({"record_preprocessor_script": "/a.py"}, "record_preprocessor_script=/a.py is not a file"),
        ({"post_analytics_processor_script": "/a.py"}, "post_analytics_processor_script=/a.py is not a file"),
        ({"other_records": "skip"}, "other_records=skip must be fail or leave_out"),
        ({"start_time": "yesterday"}, "start_time=yesterday is not a time"),
        (
            {"start_time": "2026-01-01T01:00:00Z", "end_time": "2026-01-01T01:00:00Z"},
            "is not before end_time",
        ),
        ({"publish_cloudwatch_metrics": "true"}, "must be Enabled or Disabled"),
        ({"categorical_drift_method": "KS"}, "must be LInfinity or ChiSquared"),
        ({"baseline_constraints": "/nowhere.json"}, "is not a file"),
    ],
)
def test_what_is_wrong_or_not_there_is_named(variables: dict[str, str], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        parse_settings(NEEDED | variables)


def test_another_command_is_refused() -> None:
    with pytest.raises(ContractError, match="'bias' is no command; it can be baseline, drift, merge"):
        parse_settings(NEEDED, "bias")


def test_a_ground_truth_source_makes_it_a_merge_which_needs_no_format() -> None:
    without_format = {key: value for key, value in NEEDED.items() if key != "dataset_format"}

    settings = parse_settings(without_format | {"ground_truth_source": "/gt"})

    assert settings.command is Command.MERGE
    assert settings.ground_truth_source == Path("/gt")


def test_model_quality_is_compared_with_constraints_alone(baseline: dict[str, str]) -> None:
    del baseline["baseline_statistics"]
    asked = {"analysis_type": "MODEL_QUALITY", "problem_type": "Regression", "inference_attribute": "y"}

    settings = parse_settings(NEEDED | baseline | asked)

    assert (settings.command, settings.analysis) == (Command.DRIFT, Analysis.MODEL_QUALITY)
