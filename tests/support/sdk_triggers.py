"""A pipeline's schedule and a function, made by the SageMaker SDK of this environment, whichever its version.

`python -m tests.support.sdk_triggers v2|v3 NAME FILE` writes what the SDK was told to FILE.
"""

import importlib
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# Where each version keeps what both have.
PLACES = {
    "v2": {
        "session": "sagemaker.workflow.pipeline_context",
        "role": "sagemaker",
        "lambda": "sagemaker.lambda_helper",
        "workflow": "sagemaker.workflow",
    },
    "v3": {
        "session": "sagemaker.core.workflow.pipeline_context",
        "role": "sagemaker.core.helper.session_helper",
        "lambda": "sagemaker.core.lambda_helper",
        "workflow": "sagemaker.mlops.workflow",
    },
}
# A schedule that no test lives to see, and what it is changed into.
LATER = "0 0 1 1 ? 2099"
AHEAD = timedelta(seconds=3)
START_SECONDS = 120
PROGRAM = "def answer(event, context):\n    return {'times': %d * event['n']}\n"


class Sdk:
    """As much of an SDK as this needs."""

    def __init__(self, version: str) -> None:
        self._places = PLACES[version]
        self.session = self._of("session").PipelineSession()
        self.role = self._of("role").get_execution_role(self.session)
        self.function = self._of("lambda").Lambda
        self.pipeline = self._workflow("pipeline").Pipeline
        self.fail = self._workflow("fail_step").FailStep
        self.schedule = self._workflow("triggers").PipelineSchedule

    def _of(self, what: str) -> Any:
        return importlib.import_module(self._places[what])

    def _workflow(self, module: str) -> Any:
        return importlib.import_module(f"{self._places['workflow']}.{module}")


def scheduled(sdk: Sdk, name: str) -> dict[str, Any]:
    """A pipeline that its own trigger starts."""
    pipeline = sdk.pipeline(
        name=name, steps=[sdk.fail("Told", error_message="on time")], sagemaker_session=sdk.session
    )
    pipeline.create(sdk.role)
    arns = pipeline.put_triggers([sdk.schedule(name=name, cron=LATER)], role_arn=sdk.role)
    at = datetime.now(tz=UTC) + AHEAD
    updated = pipeline.put_triggers([sdk.schedule(name=name, at=at)], role_arn=sdk.role)
    described = pipeline.describe_trigger(name)
    executions = _executions(sdk, name)
    pipeline.delete_triggers([name])
    return {
        "arns": arns,
        "updated": updated,
        "expression": described["Schedule_Expression"],
        "executions": len(executions),
        "at": at.strftime("at(%Y-%m-%dT%H:%M:%S)"),
    }


def _executions(sdk: Sdk, name: str) -> list[Any]:
    deadline = time.monotonic() + START_SECONDS
    sagemaker = sdk.session.sagemaker_client
    while time.monotonic() < deadline:
        found: list[Any] = sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"]
        if found:
            return found
        time.sleep(0.2)
    return []


def called(sdk: Sdk, name: str) -> dict[str, Any]:
    """A function of a script, asked, changed, asked again, and deleted."""
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "function.py"
        for factor in (2, 3):
            script.write_text(PROGRAM % factor, encoding="utf-8")
            function = sdk.function(
                function_name=name,
                execution_role_arn=sdk.role,
                script=str(script),
                handler="function.answer",
                session=sdk.session,
                runtime="python3.13",
            )
            function.upsert()
            lambda_client = sdk.session.boto_session.client("lambda")
            lambda_client.get_waiter("function_updated_v2").wait(FunctionName=name)
            answers.append(_asked(lambda_client, name, 7))
    described = lambda_client.get_function(FunctionName=name)["Configuration"]
    function.function_arn = described["FunctionArn"]
    function.delete()
    return {"answers": answers, "arn": described["FunctionArn"]}


def _asked(lambda_client: Any, name: str, number: int) -> Any:
    answer = lambda_client.invoke(FunctionName=name, Payload=json.dumps({"n": number}))
    return json.loads(answer["Payload"].read())


def main() -> None:
    """Do both and write what came of it."""
    version, name, file = sys.argv[1:]
    sdk = Sdk(version)
    told = {"scheduled": scheduled(sdk, f"{name}-scheduled"), "called": called(sdk, f"{name}-called")}
    Path(file).write_text(json.dumps(told, default=str), encoding="utf-8")


if __name__ == "__main__":
    main()
