"""The function that decides about violations and finds a retraining's rows, as one of a project's."""

from collections.abc import Mapping

from orchestration.clients import Aws
from orchestration.function import Function
from orchestration.monitoring import Retraining, RetrainingLimits
from orchestration.names import (
    ACTUALS,
    CAPTURED,
    GROUND_TRUTH,
    WINDOWS,
    bucket_name,
    endpoint_name,
    model_package_group_name,
    pipeline_name,
    retrain_function_name,
    retraining_pipeline_name,
)

MODULES = ("retrain", "labelled_rows", "versions", "windows")
FORECAST_MODULES = ("forecast_retrain", *MODULES)


def retrain_function(aws: Aws, project: str, retraining: Retraining) -> Function:
    """The function of a project whose requests are captured and get labels."""
    bucket = bucket_name(project)
    return _function(
        aws,
        project,
        MODULES,
        retraining,
        {
            "LOOK_BACK_SECONDS": str(int(retraining.look_back_time.total_seconds())),
            "ENDPOINT_NAME": endpoint_name(project),
            "CAPTURED_URI": f"s3://{bucket}/{CAPTURED}",
            "GROUND_TRUTH_URI": f"s3://{bucket}/{GROUND_TRUTH}",
        },
    )


def forecast_retrain_function(aws: Aws, project: str, limits: RetrainingLimits) -> Function:
    """The function of a project whose rows come by themselves."""
    actuals = {"ACTUALS_URI": f"s3://{bucket_name(project)}/{ACTUALS}"}
    return _function(aws, project, FORECAST_MODULES, limits, actuals)


def _function(
    aws: Aws, project: str, modules: tuple[str, ...], limits: RetrainingLimits, variables: Mapping[str, str]
) -> Function:
    return Function(
        aws,
        retrain_function_name(project),
        f"Decides whether violations of {project}'s monitors start a retraining, and finds its rows",
        modules,
        {
            "PROJECT": project,
            "PIPELINE_NAME": retraining_pipeline_name(project),
            "COOL_DOWN_SECONDS": str(int(limits.cool_down_time.total_seconds())),
            "PER_DAY": str(limits.per_day),
            **variables,
            "WINDOWS_URI": f"s3://{bucket_name(project)}/{WINDOWS}",
            "MODEL_PACKAGE_GROUP_NAME": model_package_group_name(project),
            "TRAINING_PIPELINE_NAME": pipeline_name(project),
        },
    )
