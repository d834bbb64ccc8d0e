"""The trained model behind an endpoint of local mode: started, asked, stopped."""

import threading
import time
import urllib.error
import urllib.request

from orchestration.containers import count_ended, ended_containers, stop_containers
from orchestration.errors import EndpointError
from orchestration.local_mode import LocalMode

START_TIMEOUT_SECONDS = 60.0
PING_INTERVAL_SECONDS = 0.05
HTTP_OK = 200


class LocalEndpoint:
    """An endpoint that is in service from `start` until `stop`."""

    def __init__(self, local: LocalMode, name: str) -> None:
        self.name = name
        self._local = local
        self._failure: BaseException | None = None

    def start(self, model_name: str, instance_type: str) -> None:
        """Create the endpoint and return once it answers.

        The SDK looks for the container every five seconds; we look ourselves
        meanwhile. Raises EndpointError with the container's own words.
        """
        client = self._local.session.sagemaker_client
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": model_name,
            "InitialInstanceCount": 1,
            "InstanceType": instance_type,
        }
        client.create_endpoint_config(EndpointConfigName=self.name, ProductionVariants=[variant])
        ended_before = count_ended(self._local.run_id)
        threading.Thread(target=self._create, daemon=True).start()
        self._wait_until_in_service(ended_before)

    def stop(self) -> None:
        """Let the container finish what it has, and end it."""
        stop_containers(self._local.run_id)

    def invoke(self, body: str, content_type: str, accept: str) -> str:
        """The endpoint's answer to `body`. Raises EndpointError where it is not an answer."""
        answer = self._local.session.sagemaker_runtime_client.invoke_endpoint(
            EndpointName=self.name, Body=body, ContentType=content_type, Accept=accept
        )
        text: str = answer["Body"].read().decode("utf-8")
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        if status != HTTP_OK:
            raise EndpointError(
                f"the endpoint refused a {content_type} request with {status}: {text.strip()}"
            )
        return text

    def _create(self) -> None:
        try:
            self._local.session.sagemaker_client.create_endpoint(
                EndpointName=self.name, EndpointConfigName=self.name
            )
        except Exception as error:  # handed to the thread that waits
            self._failure = error

    def _wait_until_in_service(self, ended_before: int) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        url = f"http://127.0.0.1:{self._local.serving_port}/ping"
        state = "no answer yet"
        while time.monotonic() < deadline:
            if self._failure is not None:
                raise EndpointError(f"the endpoint did not start: {self._failure}") from self._failure
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    if answer.status == HTTP_OK:
                        return
                    state = f"/ping answered {answer.status}"
            except (urllib.error.URLError, OSError) as error:
                state = str(error)
            if count_ended(self._local.run_id) > ended_before:
                reason = ended_containers(self._local.run_id)[-1].failure_reason
                raise EndpointError(f"the endpoint did not come up: {reason}")
            time.sleep(PING_INTERVAL_SECONDS)
        raise EndpointError(f"the endpoint did not come up in {START_TIMEOUT_SECONDS:.0f} s: {state}")
