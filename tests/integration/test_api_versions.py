"""Versions change under the inference API: each answer is the answering model's own."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_deployment import (
    GONE,
    PLAIN_ENCODER,
    RECORDS,
    Deployed,
    api_over,
    deployment,
    registered,
)
from tests.support.api_server import ApiServer
from tests.support.containers import run_job, wait_until
from tests.support.emulator import Emulator
from tests.support.endpoints import capture_to, new_name, variant
from tests.support.train_xgb_data import TRAIN_CSV, write_training_root

KNOWN = [each for each in RECORDS if f"{each['job']},{each['contact'] or ''}" != GONE]
ENCODER_KEY = "encoders/2/encoder.json"
CLIENTS = 2


@pytest.fixture(scope="module")
def deployed(
    emulator: Emulator, train_xgb_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    with deployment(emulator, train_xgb_image, tmp_path_factory.mktemp("first") / "ml") as served:
        yield served


@pytest.fixture
def servers(deployed: Deployed, api_image: str, tmp_path: Path) -> Iterator[list[ApiServer]]:
    """One that looks once at what serves: only the models' own word tells it of a switch; and a plain one."""
    environ = {"API_RATE_PER_SECOND": "10000", "API_RATE_BURST": "10000"}
    tmp_path.chmod(0o755)
    with (
        api_over(deployed, api_image, tmp_path / "once", environ | {"API_MODEL_SECONDS": "3600"}) as once,
        api_over(deployed, api_image, tmp_path / "plain", environ) as plain,
    ):
        yield [once, plain]


def config_of_the_next_version(deployed: Deployed, image: str, root: Path) -> str:
    """An endpoint's configuration with a version whose encoder scales ages another way."""
    encoder = deepcopy(PLAIN_ENCODER)
    encoder["numeric"][0] |= {"mean": 60.0, "scale": 2.5}
    write_training_root(root, {"num_round": "30"}, train=TRAIN_CSV, encoder=json.dumps(encoder))
    assert run_job(image, ["train"], root).exit_code == 0
    emulator, endpoints = deployed.emulator, deployed.endpoints
    emulator.s3.put_object(Bucket=emulator.bucket, Key=ENCODER_KEY, Body=json.dumps(encoder))
    described = endpoints.client.describe_model_package(ModelPackageName=deployed.model_package_arn)
    metadata = described["CustomerMetadataProperties"]
    metadata |= {"encoder-uri": f"s3://{emulator.bucket}/{ENCODER_KEY}"}
    uri = endpoints.store_model({path.name: path.read_bytes() for path in (root / "model").iterdir()})
    model = new_name("model")
    package = registered(endpoints, image, uri, metadata)
    endpoints.client.create_model(ModelName=model, Containers=[{"ModelPackageName": package}])
    destination = f"s3://{emulator.bucket}/captured"
    return endpoints.config(variant(model), DataCaptureConfig=capture_to(destination))


def own_predictions(deployed: Deployed) -> list[tuple[str, float]]:
    """What the endpoint says of all records where nobody encodes them for it."""
    body = json.dumps({"instances": KNOWN}).encode()
    answer = json.loads(deployed.endpoints.invoke(deployed.name, body, ContentType="application/json"))
    return [(each["predicted_label"], each["probability"]) for each in answer["predictions"]]


def predictions(answer: Any) -> list[tuple[str, float]]:
    """The same of an answer of the API's."""
    return [(each["label"], each["probability"]) for each in answer["predictions"]]


def test_every_answer_is_a_models_own_while_the_next_version_takes_over(
    deployed: Deployed, servers: list[ApiServer], train_xgb_image: str, tmp_path: Path
) -> None:
    first = own_predictions(deployed)
    config = config_of_the_next_version(deployed, train_xgb_image, tmp_path / "ml")
    before = [server.predict("looked-up", *KNOWN).json for server in servers]
    taken_over = threading.Event()
    answers: list[Any] = []

    def ask_on(server: ApiServer) -> None:
        while not taken_over.is_set():
            answers.append(server.predict("looked-up", *KNOWN))

    with ThreadPoolExecutor(CLIENTS * len(servers)) as pool:
        asking = [pool.submit(ask_on, server) for server in servers for _ in range(CLIENTS)]
        try:
            deployed.endpoints.client.update_endpoint(EndpointName=deployed.name, EndpointConfigName=config)
            status = deployed.endpoints.settled(deployed.name)["EndpointStatus"]
        finally:
            taken_over.set()
        for each in asking:
            each.result()
    second = own_predictions(deployed)

    def looked_up_again() -> Any:
        answer = servers[1].predict("looked-up", *KNOWN).json
        return answer if answer["features"] == "looked up" else None

    # The one that looks once goes by what the model says of its rows.
    afterwards = [servers[0].predict("looked-up", *KNOWN).json, wait_until(looked_up_again, "a look-up")]

    assert status == "InService"
    assert {each.status for each in answers} == {200}
    assert [(each["features"], predictions(each)) for each in before] == [("looked up", first)] * 2
    assert first != second
    told = [predictions(each.json) for each in answers]
    assert [each for each in told if each not in (first, second)] == []
    assert [predictions(each) for each in afterwards] == [second] * 2
    assert afterwards[1]["model"]["model_package_arn"] != deployed.model_package_arn
