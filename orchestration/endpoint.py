"""The project's endpoint on SageMaker: waited for until it serves a version, and asked."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws, error_message
from orchestration.errors import DeploymentError, EndpointError
from orchestration.jobs import last_lines
from orchestration.names import deploy_function_name, endpoint_name

# From the approval until the endpoint changes: EventBridge, a cold function, some calls.
BEGIN_SECONDS = 90.0
# Until it serves: AWS takes five to ten minutes for a machine.
SERVE_SECONDS = 1200.0
# After a change that came to something else: its end calls the function again, which may go on.
AGAIN_SECONDS = 20.0
POLL_SECONDS = 0.1
CHANGING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})
LINES_OF_FUNCTION = 10
# How lines begin that Lambda writes about an invocation.
PLATFORM = ("INIT_START ", "START ", "END ", "REPORT ")


@dataclass(frozen=True, slots=True)
class Serving:
    """What the endpoint is doing now."""

    status: str
    model_package_arn: str | None
    failure_reason: str | None = None
    changed_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The endpoint of one project."""

    aws: Aws
    project: str

    @property
    def name(self) -> str:
        """Its name."""
        return endpoint_name(self.project)

    def serving(self) -> Serving | None:
        """Which version it serves, and how it is; None where there is none."""
        sagemaker = self.aws.sagemaker
        try:
            endpoint = sagemaker.describe_endpoint(EndpointName=self.name)
        except ClientError as error:
            if "could not find" in error_message(error).lower():
                return None
            raise
        return Serving(
            endpoint["EndpointStatus"],
            self._model_package_arn(endpoint["EndpointConfigName"]),
            endpoint.get("FailureReason"),
            endpoint["LastModifiedTime"],
        )

    def wait_until_it_serves(
        self,
        model_package_arn: str,
        begin_seconds: float = BEGIN_SECONDS,
        seconds: float = SERVE_SECONDS,
        is_new: bool = False,
    ) -> None:
        """Return once the endpoint serves that version.

        Raises DeploymentError: where nobody begins to deploy it in time, with what
        the function that should have said; where the deployment fails, with its
        reason; and, of the newest version (`is_new`), where a later one serves by now.
        """
        started = time.monotonic()
        before = self.serving()
        has_begun = before is not None and before.status in CHANGING
        while True:
            serving = self.serving()
            if serving and serving.status == "InService" and serving.model_package_arn == model_package_arn:
                return
            if is_new and serving and _is_newer(serving, model_package_arn):
                raise DeploymentError(
                    f"{self.name} serves {serving.model_package_arn}, which was approved after "
                    f"{model_package_arn}; the newest approved version is the one that serves"
                )
            # A change may begin and fail between two looks.
            has_begun |= _has_changed(before, serving)
            if serving and serving.status in CHANGING:
                has_begun = True
            elif has_begun and (serving is None or serving.status != "InService" or serving.failure_reason):
                raise DeploymentError(self._failed(model_package_arn, serving))
            elif has_begun:
                # That was a change to another version and ours comes after it, or ours was taken back.
                has_begun, started, before = False, time.monotonic(), serving
                begin_seconds = min(begin_seconds, AGAIN_SECONDS)
            elapsed = time.monotonic() - started
            if elapsed > (seconds if has_begun else begin_seconds):
                raise DeploymentError(self._too_late(model_package_arn, serving, elapsed))
            time.sleep(POLL_SECONDS)

    def invoke(self, body: str, content_type: str, accept: str) -> str:
        """The endpoint's answer to `body`. Raises EndpointError where it is not an answer."""
        try:
            answer = self.aws.runtime.invoke_endpoint(
                EndpointName=self.name, Body=body, ContentType=content_type, Accept=accept
            )
        except ClientError as error:
            raise EndpointError(f"the endpoint refused a {content_type} request: {error}") from error
        return str(answer["Body"].read().decode("utf-8"))

    def _model_package_arn(self, endpoint_config_name: str) -> str | None:
        """The version behind a configuration; None where another kind of model is, or it has gone."""
        sagemaker = self.aws.sagemaker
        try:
            config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint_config_name)
            model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        except ClientError:
            return None
        containers: list[dict[str, Any]] = model.get("Containers") or [model.get("PrimaryContainer", {})]
        return containers[0].get("ModelPackageName")

    def _failed(self, model_package_arn: str, serving: Serving | None) -> str:
        status = serving.status if serving else "deleted"
        reason = (serving and serving.failure_reason) or "no reason is given"
        return (
            f"{self.name} does not serve {model_package_arn}: the endpoint is {status}, {reason}\n"
            f"  Its log: make logs JOB={self.name}"
        )

    def _too_late(self, model_package_arn: str, serving: Serving | None, elapsed: float) -> str:
        function = deploy_function_name(self.project)
        state = f"the endpoint is {serving.status}" if serving else "there is no endpoint"
        group = f"/aws/lambda/{function}"
        lines = last_lines(self.aws, group, "", 4 * LINES_OF_FUNCTION)
        said = [line for line in lines if not line.startswith(PLATFORM)][-LINES_OF_FUNCTION:]
        shown = "\n".join(f"    {line}" for line in said) or "    nothing"
        return (
            f"{model_package_arn} is not served after {elapsed:.0f} s; {state}.\n"
            f"  The event should have called the function {function}, which deploys. It has said:\n{shown}\n"
            f"  Look at: aws logs tail {group}; make logs JOB={self.name}; "
            f"aws events list-targets-by-rule --rule slipway-{self.project}-approval"
        )


def _is_newer(serving: Serving, model_package_arn: str) -> bool:
    """Whether a later version of the same group serves."""
    group, _, number = model_package_arn.rpartition("/")
    serving_group, _, serving_number = (serving.model_package_arn or "").rpartition("/")
    return serving_group == group and int(serving_number) > int(number)


def _has_changed(before: Serving | None, now: Serving | None) -> bool:
    """Whether something was done to the endpoint between two looks."""
    return before is not None and now is not None and before.changed_at != now.changed_at
