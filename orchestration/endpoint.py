"""The trained model behind an endpoint of local mode: started, asked both ways, stopped."""

import csv
import io
import json
import math
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.containers import count_ended, ended_containers, stop_containers
from orchestration.errors import EndpointError
from orchestration.local_mode import LocalMode
from orchestration.project import NumericFeature, Project

START_TIMEOUT_SECONDS = 60.0
PING_INTERVAL_SECONDS = 0.05
HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said about a row, and what was true."""

    row: dict[str, str | int | float | None]
    predicted: str
    probability: float
    actual: str


class Endpoint:
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


def ask_both_ways(endpoint: Endpoint, project: Project, live: str, encoded: str, count: int) -> list[Answer]:
    """Answers to the first `count` live rows, asked as named rows and as encoded rows.

    Raises EndpointError where the two ways disagree: then the encoder inside
    the model is not the one that made the training rows.
    """
    rows = list(csv.DictReader(io.StringIO(live)))[:count]
    named = [{f.name: _value(f, row[f.name]) for f in project.used_features} for row in rows]
    by_name = json.loads(
        endpoint.invoke(json.dumps({"instances": named}), "application/json", "application/json")
    )["predictions"]
    lines = [line.split(",", 1)[1] for line in encoded.splitlines()[:count]]
    by_encoding = list(
        csv.reader(io.StringIO(endpoint.invoke("\n".join(lines) + "\n", "text/csv", "text/csv")))
    )
    _agree(by_name, by_encoding)
    return [
        Answer(row, prediction["predicted_label"], float(prediction["probability"]), raw[project.target.name])
        for row, prediction, raw in zip(named, by_name, rows, strict=True)
    ]


def _agree(by_name: Sequence[Any], by_encoding: Sequence[list[str]]) -> None:
    pairs = [
        ((named["predicted_label"], float(named["probability"])), (encoded[0], float(encoded[1])))
        for named, encoded in zip(by_name, by_encoding, strict=True)
    ]
    for number, (named, encoded) in enumerate(pairs, start=1):
        if named[0] != encoded[0] or not math.isclose(named[1], encoded[1], abs_tol=1e-6):
            raise EndpointError(
                f"row {number} asked by its names gives {named}, asked encoded gives {encoded}; "
                "the model and the encoder do not belong together"
            )


def _value(feature: Any, text: str) -> str | int | float | None:
    if text == "":
        return None
    if isinstance(feature, NumericFeature):
        return int(text) if feature.type == "Integral" else float(text)
    return text
