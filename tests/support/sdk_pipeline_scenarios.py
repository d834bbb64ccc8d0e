"""Pipelines as the SDK's own documentation builds them, each for one thing that they can do."""

import json
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.sdk_pipelines import (
    POLL_SECONDS,
    PROCESSING,
    Facts,
    Kit,
    Scenario,
    ended,
    error_of,
    job_of,
    pipeline,
    without_metadata,
)

PREPARE = """
import shutil, sys
from pathlib import Path
rows = Path("/opt/ml/processing/rows")
for name in ("train", "validation", "encoder"):
    shutil.copytree(rows / name, f"/opt/ml/processing/{name}", dirs_exist_ok=True)
print("prepared as", sys.argv[1])
"""
FUNCTION = """
def answer(event, context):
    count = int(event["count"])
    if count < 0:
        raise ValueError("there is no such count")
    return {"doubled": 2 * count, "label": "n" + str(count), "share": count / 4, "even": count % 2 == 0}
"""
PRINTED = "the folder came along"
LARGE_STEPS = 2000


def shell(kit: Kit, name: str, command: str, **options: Any) -> Any:
    """A processing step that runs a shell command."""
    arguments = kit.process(kit.request.preprocess_image, ["sh", "-c", command])
    return kit.sdk.ProcessingStep(name, step_args=arguments, **options)


def gate(kit: Kit) -> Facts:
    """Prepare, train, evaluate; create and register the model where it is good enough, and fail otherwise."""
    sdk, request = kit.sdk, kit.request
    images = {
        name: sdk.ParameterString(name, default_value=image)
        for name, image in (
            ("ProcessingImage", request.preprocess_image),
            ("TrainingImage", request.train_xgb_image),
        )
    }
    threshold = sdk.ParameterFloat("Threshold", default_value=0.5)
    approval = sdk.ParameterString("Approval", default_value="PendingManualApproval")
    rows = sdk.ParameterString("Rows", default_value=request.data_uri)

    def folder(*names: Any) -> Any:
        variables = sdk.ExecutionVariables
        return sdk.Join(on="/", values=[request.data_uri, "out", variables.PIPELINE_EXECUTION_ID, *names])

    with tempfile.TemporaryDirectory() as code:
        file = Path(code) / "prepare.py"
        file.write_text(PREPARE, encoding="utf-8")
        prepared = ("train", "validation", "encoder")
        prepare = sdk.ProcessingStep(
            "Prepare",
            step_args=kit.script(
                images["ProcessingImage"],
                file,
                {"rows": rows},
                {name: folder("prepare", name) for name in prepared},
                [sdk.ExecutionVariables.PIPELINE_NAME],
            ),
            display_name="Rows to channels",
            description="Copies what is there",
        )
        uris = {
            name: prepare.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri for name in prepared
        }
        train = sdk.TrainingStep(
            "Train",
            step_args=kit.train(images["TrainingImage"], request.hyperparameters, uris, folder("train")),
        )
        artifacts = train.properties.ModelArtifacts.S3ModelArtifacts
        evaluation = sdk.PropertyFile(name="Report", output_name="evaluation", path="evaluation.json")
        evaluate = sdk.ProcessingStep(
            "Evaluate",
            step_args=kit.process(
                images["TrainingImage"],
                ["python", "-m", "train_xgb", "evaluate"],
                {"model": artifacts, "test": uris["validation"]},
                {"evaluation": folder("evaluate")},
            ),
            property_files=[evaluation],
        )
        auc = sdk.JsonGet(
            step_name="Evaluate",
            property_file=evaluation,
            json_path="binary_classification_metrics.auc.value",
        )
        create = sdk.ModelStep("Create", step_args=kit.create_model(images["TrainingImage"], artifacts))
        register = sdk.ModelStep(
            "Register",
            step_args=kit.register(
                images["TrainingImage"], artifacts, request.name, approval, folder("evaluate/evaluation.json")
            ),
        )
        fail = sdk.FailStep(
            "Refuse", error_message=sdk.Join(on=" ", values=["auc", auc, "is below", threshold.to_string()])
        )
        condition = sdk.ConditionStep(
            "GoodEnough",
            conditions=[sdk.ConditionGreaterThanOrEqualTo(left=auc, right=threshold)],
            if_steps=[create, register],
            else_steps=[fail],
        )
        made = pipeline(
            kit, "gate", [prepare, train, evaluate, condition], (*images.values(), threshold, approval, rows)
        )
        created = made.upsert(role_arn=kit.role)
        definition = made.definition()
    described = without_metadata(made.describe())
    good = ended(made.start(execution_display_name="good", execution_description="as it should"))
    # v2 appends what a model step does to its name.
    steps = {step["StepName"].partition("-")[0]: step for step in good["steps"]}
    version = steps["Register"]["Metadata"]["RegisterModel"]["Arn"]
    return {
        "created": created["PipelineArn"],
        "definition": json.loads(definition),
        "described": described,
        "good": good,
        "bad": ended(made.start(parameters={"Threshold": 0.999})),
        "parameters": made.build_parameters_from_execution(good["arn"]),
        "train": job_of(kit, steps["Train"]),
        "evaluate": job_of(kit, steps["Evaluate"]),
        "version": without_metadata(
            kit.session.sagemaker_client.describe_model_package(ModelPackageName=version)
        ),
        "executions": made.list_executions()["PipelineExecutionSummaries"],
    }


def conditions(kit: Kit) -> Facts:
    """A pipeline of conditions alone, played with different parameters."""
    sdk = kit.sdk
    number = sdk.ParameterInteger("Number", default_value=1)
    share = sdk.ParameterFloat("Share", default_value=0.5)
    word = sdk.ParameterString("Word", default_value="red", enum_values=["red", "green", "Red"])
    switch = sdk.ParameterBoolean("Switch", default_value=True)
    check = sdk.ConditionStep(
        "Check",
        conditions=[
            sdk.ConditionOr(
                conditions=[
                    sdk.ConditionGreaterThan(left=number, right=2),
                    sdk.ConditionIn(value=word, in_values=["red", "blue"]),
                ]
            ),
            sdk.ConditionNot(sdk.ConditionLessThan(left=share, right=0.25)),
            sdk.ConditionEquals(left=switch, right=True),
        ],
        if_steps=[],
        else_steps=[],
    )
    end = sdk.FailStep(
        "Tell",
        error_message=sdk.Join(
            on="/", values=[check.properties.Outcome, number, share, word, switch.to_string()]
        ),
    )
    made = pipeline(kit, "conditions", [check, end], (number, share, word, switch))
    made.create(kit.role)
    plays: list[Facts] = [
        {},
        {"Word": "Red"},
        {"Word": "green", "Number": 3},
        {"Share": 0.125},
        {"Switch": False},
    ]
    return {
        "plays": [ended(made.start(parameters=play)) for play in plays],
        "refused": [
            error_of(partial(made.start, parameters=play))
            for play in ({"Word": "mauve"}, {"Number": "many"}, {"Nobody": "1"})
        ],
    }


def failing(kit: Kit) -> Facts:
    """A job that fails, with a policy that does not concern it, and what is not begun after it."""
    sdk = kit.sdk
    policies = [
        sdk.StepRetryPolicy(exception_types=[sdk.StepExceptionTypeEnum.THROTTLING], max_attempts=3),
        sdk.SageMakerJobStepRetryPolicy(
            exception_types=[sdk.SageMakerJobExceptionTypeEnum.INTERNAL_ERROR], max_attempts=3
        ),
    ]
    broken = shell(
        kit, "Broken", "echo -n 'no rows today' > /opt/ml/output/message; exit 3", retry_policies=policies
    )
    never = shell(kit, "Never", "true", depends_on=[broken])
    made = pipeline(kit, "failing", [broken, never])
    made.create(kit.role)
    first = ended(made.start())
    retried = kit.session.sagemaker_client.retry_pipeline_execution(PipelineExecutionArn=first["arn"])
    execution = made.start()
    execution.arn = retried["PipelineExecutionArn"]
    return {"first": first, "again": ended(execution)}


def caching(kit: Kit) -> Facts:
    """A cached step, asked for again with the same and with another argument."""
    sdk = kit.sdk
    word = sdk.ParameterString("Word", default_value="a")
    arguments = kit.process(
        kit.request.preprocess_image, ["sh", "-c", sdk.Join(on=" ", values=["echo", word])]
    )
    cache = sdk.CacheConfig(enable_caching=True, expire_after="30d")
    step = sdk.ProcessingStep("Cached", step_args=arguments, cache_config=cache)
    after = shell(kit, "After", "true", depends_on=[step])
    made = pipeline(kit, "caching", [step, after], (word,))
    made.create(kit.role)
    return {
        "definition": json.loads(made.describe()["PipelineDefinition"]),
        "first": ended(made.start()),
        "same": ended(made.start()),
        "other": ended(made.start(parameters={"Word": "b"})),
    }


def selecting(kit: Kit) -> Facts:
    """One step of an earlier execution, made again upon the results of those before it."""
    sdk = kit.sdk
    uri = f"{kit.request.data_uri}/selecting"
    write = sdk.ProcessingStep(
        "Write",
        step_args=kit.process(
            kit.request.preprocess_image,
            ["sh", "-c", f"echo written > {PROCESSING}/text/text.txt"],
            {},
            {"text": uri},
        ),
    )
    read = sdk.ProcessingStep(
        "Read",
        step_args=kit.process(
            kit.request.preprocess_image,
            ["cat", f"{PROCESSING}/text/text.txt"],
            {"text": write.properties.ProcessingOutputConfig.Outputs["text"].S3Output.S3Uri},
        ),
    )
    made = pipeline(kit, "selecting", [write, read])
    made.create(kit.role)
    whole = ended(made.start())
    selected = sdk.SelectiveExecutionConfig(selected_steps=["Read"])
    again = ended(made.start(selective_execution_config=selected))
    nowhere = sdk.SelectiveExecutionConfig(
        selected_steps=["Nowhere"], source_pipeline_execution_arn=whole["arn"]
    )
    return {
        "whole": whole,
        "again": again,
        "read": job_of(kit, again["steps"][0]),
        "refused": error_of(lambda: made.start(selective_execution_config=nowhere)),
    }


def parallel(kit: Kit) -> Facts:
    """Two independent steps, one at a time by the pipeline's word and both by the execution's."""
    made = pipeline(kit, "parallel", [shell(kit, name, "sleep 2") for name in ("Left", "Right")])
    made.create(kit.role, parallelism_config={"MaxParallelExecutionSteps": 1})
    return {
        "described": without_metadata(made.describe()),
        "one": ended(made.start()),
        "both": ended(made.start(parallelism_config={"MaxParallelExecutionSteps": 2})),
    }


def updating(kit: Kit) -> Facts:
    """A pipeline changed, listed and deleted, and an execution that keeps its own definition."""
    sdk, client = kit.sdk, kit.session.sagemaker_client
    word = sdk.ParameterString("Word", default_value="before")
    made = pipeline(kit, "updating", [sdk.FailStep("Tell", error_message=word)], (word,))
    created = made.upsert(kit.role, description="one", tags=[{"Key": "stage", "Value": "test"}])
    again = error_of(lambda: made.create(kit.role))
    before = ended(made.start())
    made.parameters = [sdk.ParameterString("Word", default_value="after")]
    updated = made.upsert(
        kit.role,
        description="two",
        tags=[{"Key": "team", "Value": "a"}],
        parallelism_config={"MaxParallelExecutionSteps": 5},
    )
    facts = {
        "created": created["PipelineArn"],
        "updated": updated["PipelineArn"],
        "again": again,
        "described": without_metadata(made.describe()),
        "tags": client.list_tags(ResourceArn=created["PipelineArn"])["Tags"],
        "before": before,
        "after": ended(made.start()),
        "kept": client.describe_pipeline_definition_for_execution(PipelineExecutionArn=before["arn"]),
        "executions": made.list_executions(sort_by="CreationTime", sort_order="Ascending"),
    }
    made.delete()
    return {**facts, "gone": error_of(made.describe)}


def stopping(kit: Kit) -> Facts:
    """An execution stopped while a step runs, and the one after it that never begins."""
    long = shell(kit, "Long", "trap 'exit 0' TERM; sleep 600 & wait")
    made = pipeline(kit, "stopping", [long, shell(kit, "Next", "true", depends_on=[long])])
    made.create(kit.role)
    execution = made.start()
    _until(lambda: _running(kit, execution))
    execution.stop()
    _until(lambda: execution.describe()["PipelineExecutionStatus"] == "Stopped")
    steps = execution.list_steps()
    return {"steps": steps, "job": job_of(kit, steps[0])}


def _running(kit: Kit, execution: Any) -> bool:
    steps = execution.list_steps()
    if not steps or not steps[0].get("Metadata"):
        return False
    return "ProcessingStartTime" in job_of(kit, steps[0])


def calling(kit: Kit) -> Facts:
    """A function made with the pipeline, whose outputs decide and are passed on."""
    sdk = kit.sdk
    count = sdk.ParameterInteger("Count", default_value=3)
    kinds = sdk.LambdaOutputTypeEnum
    outputs = {
        name: sdk.LambdaOutput(output_name=name, output_type=kind)
        for name, kind in (
            ("doubled", kinds.Integer),
            ("label", kinds.String),
            ("share", kinds.Float),
            ("even", kinds.Boolean),
        )
    }
    with tempfile.TemporaryDirectory() as code:
        file = Path(code) / "function.py"
        file.write_text(FUNCTION, encoding="utf-8")
        function = sdk.Lambda(
            function_name=f"{kit.request.name}-answer",
            execution_role_arn=kit.role,
            script=str(file),
            handler="function.answer",
            session=kit.session,
            runtime="python3.13",
        )
        step = sdk.LambdaStep(
            "Call", lambda_func=function, inputs={"count": count}, outputs=list(outputs.values())
        )
        tell = sdk.FailStep(
            "Tell",
            error_message=sdk.Join(
                on=" ",
                values=[step.properties.Outputs[name] for name in ("doubled", "label", "share", "even")],
            ),
        )
        check = sdk.ConditionStep(
            "Check",
            conditions=[
                sdk.ConditionGreaterThan(left=step.properties.Outputs["doubled"], right=5),
                sdk.ConditionEquals(left=step.properties.Outputs["even"], right=False),
            ],
            if_steps=[tell],
            else_steps=[],
        )
        made = pipeline(kit, "calling", [step, check], (count,))
        made.create(kit.role)
    facts = {
        "odd": ended(made.start()),
        "even": ended(made.start(parameters={"Count": 4})),
        "broken": ended(made.start(parameters={"Count": -1})),
    }
    function.delete()
    return facts


def asking(kit: Kit) -> Facts:
    """A callback answered well, whose output is passed on, and one answered badly."""
    sdk, client = kit.sdk, kit.session.sagemaker_client
    queues = kit.session.boto_session.client("sqs")
    queue = queues.create_queue(QueueName=kit.request.name)["QueueUrl"]
    output = sdk.CallbackOutput(output_name="word", output_type=sdk.CallbackOutputTypeEnum.String)
    ask = sdk.CallbackStep("Ask", sqs_queue_url=queue, inputs={"question": "which", "n": 2}, outputs=[output])
    tell = sdk.FailStep("Tell", error_message=ask.properties.Outputs["word"])
    made = pipeline(kit, "asking", [ask, tell])
    made.create(kit.role)
    message, good = _asked(made, queues, queue)
    waiting = good.list_steps()
    client.send_pipeline_execution_step_success(
        CallbackToken=message["token"], OutputParameters=[{"Name": "word", "Value": "green"}]
    )
    answered = ended(good)
    other, bad = _asked(made, queues, queue)
    client.send_pipeline_execution_step_failure(CallbackToken=other["token"], FailureReason="nobody knows")
    return {"message": message, "waiting": waiting, "good": answered, "bad": ended(bad)}


def _asked(made: Any, queues: Any, queue: str) -> tuple[Facts, Any]:
    execution = made.start()
    received = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]
    queues.delete_message(QueueUrl=queue, ReceiptHandle=received["ReceiptHandle"])
    return json.loads(received["Body"]), execution


def coding(kit: Kit) -> Facts:
    """A folder of code, put into S3 by the SDK and run in an image that is not made for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "helper.py").write_text(f"TEXT = {PRINTED!r}\n", encoding="utf-8")
        (folder / "main.py").write_text("import helper\nprint(helper.TEXT)\n", encoding="utf-8")
        step = kit.code_step("Code", kit.request.preprocess_image, folder, "main.py")
        made = pipeline(kit, "coding", [step])
        made.create(kit.role)
    execution = ended(made.start())
    # Lines travel beside the jobs and may come after them.
    _until(lambda: PRINTED in "".join(_printed(kit, execution["steps"][0])))
    return {"execution": execution, "printed": _printed(kit, execution["steps"][0])}


def _printed(kit: Kit, step: Facts) -> list[str]:
    """The lines of a step's job in CloudWatch Logs."""
    (kind, _), job = next(iter(step["Metadata"].items())), job_of(kit, step)
    logs, group = kit.session.boto_session.client("logs"), f"/aws/sagemaker/{kind}s"
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=job[f"{kind}Name"])
    return [
        event["message"]
        for stream in streams["logStreams"]
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]


def large(kit: Kit) -> Facts:
    """More steps than a request has room for: the SDK puts the definition into S3."""
    sdk = kit.sdk
    output = sdk.CallbackOutput(output_name="word", output_type=sdk.CallbackOutputTypeEnum.String)
    steps = [
        sdk.CallbackStep(
            f"Ask{number}",
            sqs_queue_url="https://sqs.us-east-2.amazonaws.com/123456789012/Nowhere",
            inputs={"number": number},
            outputs=[output],
        )
        for number in range(LARGE_STEPS)
    ]
    made = pipeline(kit, "large", steps)
    created = made.create(kit.role)
    described = made.describe()
    made.delete()
    return {
        "created": created["PipelineArn"],
        "steps": len(json.loads(described["PipelineDefinition"])["Steps"]),
    }


def naming(kit: Kit) -> Facts:
    """Jobs named as the user says, and experiments as the user says."""
    sdk = kit.sdk
    configuration = sdk.PipelineExperimentConfig(
        f"{kit.request.name}-e",
        sdk.Join(on="-", values=["trial", sdk.ExecutionVariables.PIPELINE_EXECUTION_ID]),
    )
    made = pipeline(kit, "Naming", [shell(kit, "Step", "true")], pipeline_experiment_config=configuration)
    created = made.create(kit.role)
    own = ended(made.start())
    made.pipeline_experiment_config = None
    made.update(kit.role)
    return {"created": created["PipelineArn"], "own": own, "none": ended(made.start())}


def refused(kit: Kit) -> Facts:
    """Definitions that no pipeline is made of."""
    sdk = kit.sdk
    number = sdk.ParameterInteger("Number", default_value=1)
    fail = sdk.FailStep("End", error_message="no more")
    check = sdk.ConditionStep(
        "Check",
        conditions=[sdk.ConditionEquals(left=number, right=1)],
        if_steps=[],
        else_steps=[],
        depends_on=["End"],
    )
    made = pipeline(kit, "refused", [check, fail], (number,))
    missing = pipeline(kit, "missing", [sdk.FailStep("End", error_message=number.to_string())])
    return {
        "after_fail": error_of(lambda: made.create(kit.role)),
        "parameter": error_of(lambda: missing.create(kit.role)),
    }


def _until(holds: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        threading.Event().wait(POLL_SECONDS)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        *(gate, conditions, failing, caching, selecting, parallel, updating, stopping),
        *(calling, asking, coding, large, naming, refused),
    )
}
