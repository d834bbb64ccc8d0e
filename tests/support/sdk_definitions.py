"""One pipeline with all that a definition can hold here, as a SageMaker SDK writes it, offline.

Runs in the environment of that SDK: `python -m tests.support.sdk_definitions v2 FILE`.
"""

import importlib
import socket
import sys
import warnings
from pathlib import Path
from typing import Any

from orchestration.clients import boto_session
from orchestration.settings import TELEMETRY_OPT_OUT, Settings
from tests.support.sdk_pipelines import Request

BUCKET, ROLE = "slipway-test", "arn:aws:iam::123456789012:role/service-role/test"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:double"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue"
PIPELINE_SESSIONS = {
    "v2": "sagemaker.workflow.pipeline_context",
    "v3": "sagemaker.core.workflow.pipeline_context",
}


def everything(kit: Any) -> Any:
    """A pipeline of every step type, function, condition and policy."""
    sdk = kit.sdk
    image = sdk.ParameterString("Image", default_value="image:1")
    mode = sdk.ParameterString("Mode", default_value="fast", enum_values=["fast", "good"])
    count = sdk.ParameterInteger("Count", default_value=1)
    threshold = sdk.ParameterFloat("Threshold", default_value=0.75)
    deep = sdk.ParameterBoolean("Deep", default_value=False)
    needed = sdk.ParameterString("Needed")
    cache = sdk.CacheConfig(enable_caching=True, expire_after="30d")

    prepare = sdk.ProcessingStep(
        "Prepare",
        step_args=kit.process(
            image,
            ["prepare", "--count", count.to_string(), "--deep", deep.to_string(), "--mode", mode],
            {"rows": needed},
            {"train": _folder(sdk, "train")},
            count,
            {"RUN": sdk.ExecutionVariables.PIPELINE_EXECUTION_ID},
        ),
        cache_config=cache,
        retry_policies=_policies(sdk),
        display_name="Preparation",
        description="Rows to channels",
    )
    train_uri = prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri
    train = sdk.TrainingStep(
        "Train",
        step_args=kit.train(image, {"eta": threshold.to_string()}, {"train": train_uri}, f"s3://{BUCKET}/m"),
        cache_config=sdk.CacheConfig(enable_caching=False),
    )
    model_uri = train.properties.ModelArtifacts.S3ModelArtifacts
    report = sdk.PropertyFile(name="Report", output_name="evaluation", path="evaluation.json")
    evaluate = sdk.ProcessingStep(
        "Evaluate",
        step_args=kit.process(image, ["evaluate"], {"model": model_uri}, {"evaluation": f"s3://{BUCKET}/e"}),
        property_files=[report],
        depends_on=[prepare],
        cache_config=sdk.CacheConfig(enable_caching=True),
    )
    auc = sdk.JsonGet(step_name="Evaluate", property_file=report, json_path="metrics.auc[0]['mean value']")
    written = sdk.JsonGet(
        step=prepare,
        s3_uri=sdk.Join(on="/", values=[train_uri, "summary.json"]),
        json_path="rows",
    )
    double = sdk.LambdaStep(
        "Double",
        lambda_func=sdk.Lambda(function_arn=FUNCTION),
        inputs={"count": count, "seconds": train.properties.TrainingTimeInSeconds},
        outputs=[sdk.LambdaOutput(output_name="doubled", output_type=sdk.LambdaOutputTypeEnum.Integer)],
    )
    answer = sdk.CallbackOutput(output_name="answer", output_type=sdk.CallbackOutputTypeEnum.String)
    ask = sdk.CallbackStep(
        "Ask",
        sqs_queue_url=QUEUE,
        inputs={"doubled": double.properties.Outputs["doubled"], "auc": auc},
        outputs=[answer],
    )
    create = sdk.ModelStep("Create", step_args=kit.create_model(image, model_uri))
    register = sdk.ModelStep(
        "Register",
        step_args=kit.register(image, model_uri, "group", "PendingManualApproval", f"s3://{BUCKET}/e.json"),
        retry_policies=[
            sdk.StepRetryPolicy(exception_types=[sdk.StepExceptionTypeEnum.THROTTLING], max_attempts=2)
        ],
    )
    refuse = sdk.FailStep(
        "Refuse", error_message=sdk.Join(on=" ", values=["auc", auc, "is below", threshold, 1, True])
    )
    gate = sdk.ConditionStep(
        "Gate",
        conditions=_conditions(sdk, auc, written, threshold, mode, deep, ask),
        if_steps=[create, register],
        else_steps=[refuse],
    )
    check = sdk.QualityCheckStep(
        "Check",
        quality_check_config=sdk.DataQualityCheckConfig(
            baseline_dataset=train_uri,
            dataset_format={"csv": {"header": True}},
            output_s3_uri=f"s3://{BUCKET}/check",
        ),
        check_job_config=sdk.CheckJobConfig(role=ROLE, sagemaker_session=kit.session),
        skip_check=deep,
        model_package_group_name="group",
        cache_config=cache,
    )
    use = sdk.FailStep("Use", error_message=check.properties.BaselineUsedForDriftCheckConstraints)
    tell = sdk.FailStep("Tell", error_message=gate.properties.Outcome.to_string(), depends_on=["Double"])
    return sdk.Pipeline(
        name="everything",
        parameters=[image, mode, count, threshold, deep, needed],
        pipeline_experiment_config=sdk.PipelineExperimentConfig(
            sdk.ExecutionVariables.PIPELINE_NAME, sdk.Join(on="-", values=["trial", mode])
        ),
        steps=[prepare, train, evaluate, double, ask, gate, check, use, tell],
        sagemaker_session=kit.session,
    )


def _folder(sdk: Any, name: str) -> Any:
    return sdk.Join(on="/", values=[f"s3://{BUCKET}", sdk.ExecutionVariables.PIPELINE_EXECUTION_ID, name])


def _policies(sdk: Any) -> list[Any]:
    step, job = sdk.StepExceptionTypeEnum, sdk.SageMakerJobExceptionTypeEnum
    return [
        sdk.StepRetryPolicy(
            exception_types=[step.SERVICE_FAULT, step.THROTTLING],
            expire_after_mins=5,
            interval_seconds=10,
            backoff_rate=1.5,
        ),
        sdk.SageMakerJobStepRetryPolicy(
            exception_types=[job.RESOURCE_LIMIT],
            failure_reason_types=[job.INTERNAL_ERROR, job.CAPACITY_ERROR],
            max_attempts=10,
        ),
    ]


def _conditions(
    sdk: Any, auc: Any, written: Any, threshold: Any, mode: Any, deep: Any, ask: Any
) -> list[Any]:
    return [
        sdk.ConditionGreaterThanOrEqualTo(left=auc, right=threshold),
        sdk.ConditionGreaterThan(left=written, right=0),
        sdk.ConditionLessThan(left=1, right=2.5),
        sdk.ConditionLessThanOrEqualTo(left=sdk.ExecutionVariables.START_DATETIME, right="9999"),
        sdk.ConditionEquals(left=deep, right=False),
        sdk.ConditionIn(value=mode, in_values=["fast", ask.properties.Outputs["answer"]]),
        sdk.ConditionNot(sdk.ConditionEquals(left=mode, right="slow")),
        sdk.ConditionOr([sdk.ConditionEquals(left=1, right=2), sdk.ConditionIn(value=1, in_values=[1])]),
    ]


def _refuse(_socket: socket.socket, address: object) -> None:
    raise AssertionError(f"defining a pipeline connects to {address!r}")


def main(version: str, file: str) -> None:
    """Write the definition that an SDK gives into a file."""
    warnings.simplefilter("ignore")  # deprecations inside the SDKs
    socket.socket.connect = _refuse  # type: ignore[method-assign, assignment]
    context = importlib.import_module(PIPELINE_SESSIONS[version])
    kits = importlib.import_module(f"tests.support.sdk_{version}_pipelines")
    session = context.PipelineSession(
        boto_session=boto_session(Settings.from_environ({})),
        default_bucket=BUCKET,
        sagemaker_config=TELEMETRY_OPT_OUT,
    )
    # As after its first use, when the SDK has asked S3 for the bucket.
    session._default_bucket = BUCKET
    request = Request("test", f"s3://{BUCKET}/rows", "image:1", "image:1", {})
    kit = getattr(kits, f"V{version[1]}Kit")(request, session, ROLE)
    Path(file).write_text(everything(kit).definition(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
