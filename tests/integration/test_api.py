"""The inference API over a real endpoint, a real online store and S3: container and Lambda function."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.api_deployment import GONE, RECORDS, Deployed, api_over, deployment
from tests.support.api_server import KEY, KEYS, ApiServer
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.functions import Functions
from tests.support.train_xgb_data import TEST_CLIENTS

STAGE = "live"


@pytest.fixture(scope="module")
def deployed(
    emulator: Emulator, train_xgb_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    with deployment(emulator, train_xgb_image, tmp_path_factory.mktemp("trained") / "ml") as served:
        yield served


@pytest.fixture(scope="module")
def server(
    deployed: Deployed, api_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiServer]:
    with api_over(deployed, api_image, tmp_path_factory.mktemp("api") / "etc") as running:
        yield running


def known(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose key is in the group."""
    return [each for each in records if f"{each['job']},{each['contact'] or ''}" != GONE]


def captured(deployed: Deployed, inference_id: str) -> dict[str, Any]:
    """What was captured of a request, once it was."""

    def look() -> dict[str, Any] | None:
        objects = deployed.endpoints.objects(f"captured/{deployed.name}/")
        lines = [json.loads(line) for body in objects.values() for line in body.splitlines()]
        found = (line for line in lines if line["eventMetadata"].get("inferenceId") == inference_id)
        return next((line["captureData"] for line in found), None)

    return wait_until(look, f"{inference_id} to be captured")


def test_what_is_answered_is_what_the_endpoint_says_and_which_version_it_is(
    deployed: Deployed, server: ApiServer
) -> None:
    answer = server.predict("plain", *RECORDS, X_Inference_Id="order-1")
    asked = json.dumps({"instances": RECORDS}).encode()
    own = json.loads(deployed.endpoints.invoke(deployed.name, asked, ContentType="application/json"))

    assert answer.status == 200, answer.body
    assert [(each["label"], each["probability"]) for each in answer.json["predictions"]] == [
        (each["predicted_label"], each["probability"]) for each in own["predictions"]
    ]
    assert {each["label"] for each in answer.json["predictions"]} == {"yes", "no"}
    assert answer.json["inference_id"] == "order-1"
    assert answer.json["model"] == {
        "endpoint_status": "InService",
        "variant": "AllTraffic",
        "model_package_version": 1,
        "model_package_arn": deployed.model_package_arn,
    }


def test_rows_with_looked_up_columns_get_the_same_bits_as_raw_ones(server: ApiServer) -> None:
    records = known(RECORDS)

    looked_up, raw = server.predict("looked-up", *records), server.predict("plain", *records)

    assert len(records) > 200
    assert (looked_up.json["features"], raw.json["features"]) == ("looked up", "raw")
    assert looked_up.json["predictions"] == raw.json["predictions"]


@pytest.mark.parametrize("project", ["plain", "looked-up"])
def test_contributions_are_the_models_own_by_name(
    deployed: Deployed, server: ApiServer, project: str
) -> None:
    records = known(RECORDS)
    body = {"records": records, "contributions": True}
    answer = server.request("POST", f"/v1/{project}/predictions", body, X_Inference_Id=f"explained-{project}")
    # JSON has the names; the API is told them by a digest.
    own = deployed.endpoints.invoke(
        deployed.name,
        json.dumps({"instances": records}).encode(),
        ContentType="application/json",
        Accept="application/json; contributions=true",
    )

    assert answer.status == 200, answer.body
    names = ("probability", "contributions", "base_value")
    assert [[each[name] for name in names] for each in answer.json["predictions"]] == [
        [each[name] for name in names] for each in json.loads(own)["predictions"]
    ]
    output = captured(deployed, f"explained-{project}")["endpointOutput"]
    # What is captured stays CSV, label and probability first.
    first = answer.json["predictions"][0]
    assert output["encoding"] == "CSV"
    assert output["data"].split(",")[:2] == [first["label"], str(first["probability"])]


def test_what_the_endpoint_captures_is_the_encoded_row_of_training(
    deployed: Deployed, server: ApiServer
) -> None:
    place = next(at for at, each in enumerate(RECORDS) if each in known(RECORDS))
    server.predict("looked-up", RECORDS[place], X_Inference_Id="captured-1")

    record = captured(deployed, "captured-1")

    assert record["endpointInput"]["data"] == TEST_CLIENTS[place].encoded_line()
    assert record["endpointInput"]["encoding"] == record["endpointOutput"]["encoding"] == "CSV"


def test_an_unknown_key_is_the_projects_choice(server: ApiServer) -> None:
    record = next(each for each in RECORDS if each not in known(RECORDS))

    raw, refused = server.predict("looked-up", record), server.predict("strict", record)

    assert (raw.status, raw.json["features"]) == (200, "raw")
    assert refused.status == 422
    assert GONE in refused.json["errors"][0]["reason"]


def test_labels_lie_where_model_monitor_looks_each_once(deployed: Deployed, server: ApiServer) -> None:
    labels = {"labels": [{"inference_id": "order-7", "label": "yes"}]}

    first, second = (server.request("POST", "/v1/plain/ground-truth", labels) for _ in range(2))
    other = {"labels": [{"inference_id": "order-7", "label": "no"}]}
    third = server.request("POST", "/v1/plain/ground-truth", other)

    assert (first.json["stored"], second.json["repeated"], third.status) == (1, 1, 409)
    [(key, body)] = deployed.endpoints.objects("truth/").items()
    # truth/yyyy/mm/dd/hh/<name>.jsonl
    assert [len(part) for part in key.split("/")[1:-1]] == [4, 2, 2, 2]
    assert json.loads(body) == {
        "groundTruthData": {"data": "yes", "encoding": "CSV"},
        "eventMetadata": {"eventId": "order-7"},
        "eventVersion": "0",
    }


def test_an_endpoint_that_is_not_there_is_a_503_and_makes_it_unready(server: ApiServer) -> None:
    answer, ready = server.predict("nowhere", RECORDS[0]), server.request("GET", "/health/ready")

    assert (answer.status, ready.status) == (503, 503)
    assert int(answer.headers["retry-after"]) > 0
    assert list(ready.json["endpoints"]) == ["nowhere"]


def test_the_variant_that_is_asked_for_must_be_there(server: ApiServer) -> None:
    there = server.predict("plain", RECORDS[0], X_Target_Variant="AllTraffic")
    not_there = server.predict("plain", RECORDS[0], X_Target_Variant="Other")

    assert (there.status, not_there.status) == (200, 404)


def test_the_examples_of_its_own_document_are_answered(server: ApiServer) -> None:
    document = server.request("GET", "/openapi.json").json
    operation = document["paths"]["/v1/plain/predictions"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]

    assert server.request("POST", "/v1/plain/predictions", example).status == 200


@pytest.fixture
def function_url(deployed: Deployed, api_image: str) -> Iterator[str]:
    """The path of an API of LocalStack's whose every request is the function's; projects lie in S3."""
    emulator, functions = deployed.emulator, Functions(deployed.emulator)
    emulator.s3.put_object(
        Bucket=emulator.bucket, Key="api/looked-up.json", Body=json.dumps(deployed.projects["looked-up"])
    )
    name = functions.create(
        PackageType="Image",
        Code={"ImageUri": api_image},
        ImageConfig={
            "EntryPoint": ["python", "-m", "awslambdaric"],
            "Command": ["api.lambda_handler.handler"],
        },
        Environment={
            "Variables": {
                "API_PROJECTS": f"s3://{emulator.bucket}/api/looked-up.json",
                "API_KEYS": json.dumps(KEYS),
            }
        },
        MemorySize=256,
        Timeout=30,
    )
    arn = functions.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    apigateway = emulator.localstack.client("apigateway")
    api = apigateway.create_rest_api(name=name)["id"]
    [root] = apigateway.get_resources(restApiId=api)["items"]
    proxy = apigateway.create_resource(restApiId=api, parentId=root["id"], pathPart="{proxy+}")["id"]
    method = {"restApiId": api, "resourceId": proxy, "httpMethod": "ANY"}
    apigateway.put_method(**method, authorizationType="NONE")
    apigateway.put_integration(
        **method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    apigateway.create_deployment(restApiId=api, stageName=STAGE)
    yield f"/_aws/execute-api/{api}/{STAGE}"
    apigateway.delete_rest_api(restApiId=api)
    functions.client.delete_function(FunctionName=name)


def test_the_same_image_answers_as_a_function_behind_api_gateway(
    deployed: Deployed, server: ApiServer, function_url: str
) -> None:
    records = known(RECORDS)[:3]

    def ask(key: str) -> tuple[int, Any]:
        address = urlsplit(deployed.emulator.localstack.endpoint_url).netloc
        with closing(HTTPConnection(address, timeout=60)) as connection:
            headers = {"Content-Type": "application/json", "X-Api-Key": key}
            body = json.dumps({"records": records})
            connection.request("POST", f"{function_url}/v1/looked-up/predictions", body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    status, answer = ask(KEY)
    refused, problem = ask("slw_another")

    assert status == 200, answer
    assert answer["predictions"] == server.predict("looked-up", *records).json["predictions"]
    assert (answer["features"], answer["model"]["model_package_version"]) == ("looked up", 1)
    assert (refused, problem["title"]) == (401, "Unauthorized")
