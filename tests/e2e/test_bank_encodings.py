"""Is what the API looks up what was trained on? All rows of bank through the API, and the groups' upkeep."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.project_file import load_tabular
from orchestration.tabular_project import NumericFeature
from tests.support.api_server import ApiServer, api_server, write_documents
from tests.support.bank_runs import BUCKET, ENDPOINT, FEW_ROUNDS, WITHOUT_MONITORS, Bank
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.project_runs import Ended

ROWS, COMBINATIONS = 45211, 41472
# Of the combinations, those that the real file has (issue, and `sort --unique` of its categories).
SEEN_COMBINATIONS = 5049
# As many as the API takes.
RECORDS_IN_A_REQUEST = 1000
UNUSED = "bank-encodings-000000000000"


@pytest.fixture(scope="module")
def bank(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    return Bank(emulator.localstack, tmp_path_factory.mktemp("encodings") / "build")


@pytest.fixture(scope="module")
def trained(bank: Bank, bank_csv: Path) -> Ended:
    """A version of the real rows that serves."""
    ended = bank("run", *FEW_ROUNDS, *WITHOUT_MONITORS, "--data", str(bank_csv))
    assert ended.returncode == 0, ended.all_that_it_said
    return ended


@pytest.fixture(scope="module")
def server(
    emulator: Emulator, bank: Bank, trained: Ended, api_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiServer]:
    """The API, told of the project as `make api` tells it."""
    assert trained.record["status"] == "Succeeded"
    stored = bank("api-document")
    assert stored.returncode == 0, stored.all_that_it_said
    environ = {
        "API_PROJECTS": stored.stdout.strip(),
        "AWS_ENDPOINT_URL": "http://localstack:4566",
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://emulator:4500",
        "AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME": "http://emulator:4500",
        # Not the question here, and a machine may be busy.
        "API_LOOKUP_SECONDS": "20",
    }
    documents = write_documents(tmp_path_factory.mktemp("api") / "etc")
    with api_server(api_image, documents, environ, network=emulator.network) as running:
        yield running


def records_of(file: Path) -> list[dict[str, Any]]:
    """Every row as a record of the API: the used features, numbers as numbers."""
    features = load_tabular("bank").used_features
    with file.open(newline="") as rows:
        return [
            {
                feature.name: int(row[feature.name])
                if isinstance(feature, NumericFeature)
                else row[feature.name]
                for feature in features
            }
            for row in csv.DictReader(rows)
        ]


def trained_lines(bank: Bank, trained: Ended) -> Counter[str]:
    """The encoded lines of every part, without their label; those to train on as `features` wrote them."""
    steps = bank.steps({"PipelineExecutionArn": trained.record["pipeline"]["execution_arn"]})
    lines: Counter[str] = Counter()
    for step, output, name in (
        ("features", "train", "train.csv"),
        ("features", "validation", "validation.csv"),
        ("preprocess", "test", "test.csv"),
        ("preprocess", "live", "encoded.csv"),
    ):
        job = steps[step]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
        described = bank.sagemaker.describe_processing_job(ProcessingJobName=job)
        uris = {
            item["OutputName"]: item["S3Output"]["S3Uri"]
            for item in described["ProcessingOutputConfig"]["Outputs"]
        }
        text = stored(bank, f"{uris[output].removeprefix(f's3://{BUCKET}/')}/{name}")
        lines.update(line.split(",", 1)[1] for line in text.splitlines())
    return lines


def stored(bank: Bank, key: str) -> str:
    body: bytes = bank.localstack.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body.decode()


def captured_lines(bank: Bank, inference_ids: set[str]) -> Counter[str]:
    """The rows of those requests as the endpoint captured them, once all have been."""
    s3 = bank.localstack.client("s3")

    def look() -> Counter[str] | None:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"captured/{ENDPOINT}/")
        exchanges = [
            json.loads(line)
            for page in pages
            for item in page.get("Contents", [])
            for line in stored(bank, item["Key"]).splitlines()
        ]
        ours = [each for each in exchanges if each["eventMetadata"].get("inferenceId") in inference_ids]
        if {each["eventMetadata"]["inferenceId"] for each in ours} != inference_ids:
            return None
        return Counter(
            line for each in ours for line in each["captureData"]["endpointInput"]["data"].splitlines()
        )

    return wait_until(look, f"{len(inference_ids)} requests to be captured")


def test_every_row_of_bank_is_served_as_it_was_trained_byte_for_byte(
    bank: Bank, trained: Ended, server: ApiServer, bank_csv: Path
) -> None:
    records = records_of(bank_csv)
    categories = [feature.name for feature in load_tabular("bank").used_features if feature.type == "String"]
    assert len({tuple(record[name] for name in categories) for record in records}) == SEEN_COMBINATIONS

    asked: set[str] = set()
    for number in range(-(-ROWS // RECORDS_IN_A_REQUEST)):
        part = records[number * RECORDS_IN_A_REQUEST : (number + 1) * RECORDS_IN_A_REQUEST]
        answer = server.predict("bank", *part, X_Inference_Id=f"proof-{number}")
        assert answer.status == 200, answer.body
        assert answer.json["features"] == "looked up"
        assert answer.json["model"]["model_package_version"] == trained.record["model_package"]["version"]
        assert len(answer.json["predictions"]) == len(part)
        asked.add(f"proof-{number}")

    expected = trained_lines(bank, trained)
    assert expected.total() == ROWS
    assert captured_lines(bank, asked) == expected
    assert f'api_lookups_total{{project="bank",result="found"}} {ROWS}.0' in metrics(server)


def metrics(server: ApiServer) -> str:
    return server.request("GET", "/metrics").body.decode()


def test_the_groups_are_listed_with_their_records_and_the_version_that_serves(
    bank: Bank, trained: Ended
) -> None:
    ended = bank("features")

    assert ended.returncode == 0, ended.all_that_it_said
    name, version = trained.record["feature_group"]["feature_group_name"], bank.served_version()
    (line,) = [line for line in ended.stdout.splitlines() if line.split()[:1] == [name]]
    assert line.split()[1:3] == ["Created", "41,472"]
    assert line.endswith(f"{version} serves")
    (group,) = [group for group in ended.written("features")["groups"] if group["name"] == name]
    assert (group["records"], group["serving_version"]) == (COMBINATIONS, version)
    assert group["offline_store_uri"].startswith("s3://slipway-bank/feature-store/")


def test_the_group_of_the_version_that_serves_is_not_deleted(bank: Bank, trained: Ended) -> None:
    name = trained.record["feature_group"]["feature_group_name"]

    ended = bank("features", "--delete", name)

    assert ended.returncode == 1
    assert f"{name} is not deleted: version {bank.served_version()}, which {ENDPOINT} serves" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert name in bank.encoding_groups()


def test_a_group_that_no_version_names_is_deleted_on_demand_and_no_other(bank: Bank, trained: Ended) -> None:
    kept = trained.record["feature_group"]["feature_group_name"]
    bank.sagemaker.create_feature_group(
        FeatureGroupName=UNUSED,
        RecordIdentifierFeatureName="combination",
        EventTimeFeatureName="event_time",
        FeatureDefinitions=[
            {"FeatureName": "combination", "FeatureType": "String"},
            {"FeatureName": "event_time", "FeatureType": "String"},
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
    )
    wait_until(
        lambda: True if bank.encodings(UNUSED)["FeatureGroupStatus"] == "Created" else None,
        f"{UNUSED} to be Created",
    )

    ended = bank("features", "--delete", UNUSED)

    assert ended.returncode == 0, ended.all_that_it_said
    assert bank.encoding_groups() == [kept]
    written = ended.written("features")
    assert written["deleted"] == UNUSED
    assert [group["name"] for group in written["groups"]] == [kept]


def test_a_group_that_is_not_there_is_answered_with_those_that_are(bank: Bank, trained: Ended) -> None:
    ended = bank("features", "--delete", "people")

    assert ended.returncode == 1
    known = trained.record["feature_group"]["feature_group_name"]
    assert f"bank has no feature group called 'people'; there are: {known}" in ended.stderr


def test_without_a_service_the_way_out_is_said(bank: Bank) -> None:
    ended = bank("features", AWS_ENDPOINT_URL="http://127.0.0.1:1")

    assert ended.returncode == 1
    assert "make up" in ended.stderr
