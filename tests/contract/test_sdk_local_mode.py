"""AWS's own local mode as a second opinion: the SDKs, unmodified, and `docker run` must agree on our images.

The same rows go through preprocess, train_xgb and an endpoint three times: under SDK v3, under SDK v2,
and without an SDK. What each SDK gets must equal the third to the byte, and so the two equal each other.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.containers import run_job, serving
from tests.support.localstack import LocalStack
from tests.support.sdk_client import Bucket, Consulted, consulted
from tests.support.train_xgb_data import CONTACTS, JOBS, clients, write_training_root

BUCKET = "sdk-local-mode"
CSV, JSON = "text/csv", "application/json"
INVOKER = f"{os.getuid()}:{os.getgid()}"
HYPERPARAMETERS = {"num_round": "40", "eta": "0.2"}
ARGUMENTS = ["--seed", "7", "--on-bad-rows", "drop"]
ROWS = clients(900, seed=4)
# The last row is bad: nobody is 17 in this schema.
RAW_CSV = (
    "age,rate,job,contact,y\n"
    + "".join(f"{row.raw_line().rstrip()},{'yes' if row.label else 'no'}\n" for row in ROWS)
    + "17,0.5,student,phone,no\n"
)
SCHEMA = {
    "version": 1,
    "target": {"name": "y", "positive": "yes", "negative": "no"},
    "features": [
        {"name": "age", "type": "Integral", "minimum": 18, "maximum": 95},
        {"name": "rate", "type": "Fractional", "scaling": "none", "nullable": True},
        *(
            {
                "name": name,
                "type": "String",
                "nullable": nullable,
                "categories": [{"value": v, "encoded_name": column} for v, column in columns.items()],
            }
            for name, nullable, columns in (("job", False, JOBS), ("contact", True, CONTACTS))
        ),
    ],
}
FEW_ROWS = 5
RAW_JSON = json.dumps({"instances": [row.raw() for row in ROWS[:20]]})


@dataclass(frozen=True, slots=True)
class Reference:
    """What the images give under `docker run` alone."""

    outputs: dict[str, bytes]
    model: dict[str, bytes]
    encoded_rows: str
    answers: dict[str, str]
    raw_answer: str


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def reference(
    preprocess_image: str, train_xgb_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    processing = folder / "processing" / "processing"
    for name, file, text in (("data", "rows.csv", RAW_CSV), ("schema", "schema.json", json.dumps(SCHEMA))):
        (processing / "input" / name).mkdir(parents=True)
        (processing / "input" / name / file).write_text(text, encoding="utf-8")
    assert run_job(preprocess_image, ARGUMENTS, folder / "processing", user=INVOKER).exit_code == 0
    outputs = files_of(processing / "output")
    channels = {
        name: outputs[file].decode()
        for name, file in (
            ("train", "train/train.csv"),
            ("validation", "validation/validation.csv"),
            ("encoder", "encoder/encoder.json"),
        )
    }
    training = write_training_root(folder / "training", HYPERPARAMETERS, **channels)
    assert run_job(train_xgb_image, ["train"], training, user=INVOKER).exit_code == 0
    encoded = "".join(
        line.split(",", 1)[1] for line in outputs["live/encoded.csv"].decode().splitlines(keepends=True)
    )
    with serving(train_xgb_image, training / "model") as endpoint:
        answers = {accept: endpoint.invoke(CSV, encoded, accept=accept).text for accept in (CSV, JSON)}
        raw_answer = endpoint.invoke(JSON, RAW_JSON).text
    return Reference(outputs, files_of(training / "model"), encoded, answers, raw_answer)


def halves(text: str) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    return "".join(lines[: len(lines) // 2]), "".join(lines[len(lines) // 2 :])


@pytest.fixture(scope="module", params=["v3", "v2"])
def sdk(
    request: pytest.FixtureRequest,
    reference: Reference,
    preprocess_image: str,
    train_xgb_image: str,
    localstack: LocalStack,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Consulted]:
    """An SDK that has done everything once."""
    bucket = Bucket(localstack.client("s3"), BUCKET)
    bucket.client.create_bucket(Bucket=BUCKET)
    bucket.put("input/data/rows.csv", RAW_CSV)
    bucket.put("input/schema/schema.json", json.dumps(SCHEMA))
    first, second = halves(reference.encoded_rows)
    bucket.put("input/many-a-request/first.csv", first)
    bucket.put("input/many-a-request/second.csv", second)
    # Local mode starts the docker client, some tenths of a second, for each request.
    bucket.put("input/one-a-request/few.csv", "".join(first.splitlines(keepends=True)[:FEW_ROWS]))
    with consulted(
        request.param,
        localstack,
        tmp_path_factory.mktemp("sdk"),
        bucket=BUCKET,
        preprocess_image=preprocess_image,
        train_xgb_image=train_xgb_image,
        processing_arguments=ARGUMENTS,
        refused_processing_arguments=["--on-bad-rows", "fail"],
        hyperparameters=HYPERPARAMETERS,
        refused_hyperparameters={**HYPERPARAMETERS, "eta": "fast"},
        encoded_rows=reference.encoded_rows,
        raw_rows=RAW_JSON,
    ) as answered:
        yield answered


def test_processing_outputs_are_the_images_own(sdk: Consulted, reference: Reference) -> None:
    uploaded = sdk.bucket.files(sdk.request.uri("processed"))

    assert sdk.results["processing_status"] == "Completed"
    assert uploaded == reference.outputs


def test_bad_rows_fail_the_job_with_a_reason_and_a_report(sdk: Consulted) -> None:
    report = json.loads(sdk.bucket.read(sdk.request.uri("refused", "report", "report.json")))

    assert "exited with code: 1" in sdk.results["refused_processing"]
    assert "1 of 901 rows is bad" in sdk.reasons()[0]
    assert report["rows_read"] == 901


def test_the_model_is_the_images_own(sdk: Consulted, reference: Reference) -> None:
    assert sdk.bucket.archive(sdk.results["model_uri"]) == reference.model


def test_a_wrong_hyperparameter_fails_the_job_with_its_reason(sdk: Consulted) -> None:
    # Local mode archives all of /opt/ml/output, and so the failure file.
    left = sdk.bucket.archive(sdk.request.uri("models", "refused", "output", "output.tar.gz"))

    expected = "eta='fast' must be a number above 0 and at most 1"
    assert "exited with code: 1" in sdk.results["refused_training"]
    assert expected in left["failure"].decode()
    assert expected in sdk.reasons()[1]


def test_the_endpoint_answers_as_the_image_does(sdk: Consulted, reference: Reference) -> None:
    assert sdk.results["ping"] == [200, ""]
    assert sdk.results["answers"] == reference.answers
    assert sdk.results["raw_answer"] == reference.raw_answer


def test_batch_transform_by_many_rows_a_request_gives_the_endpoints_answers(
    sdk: Consulted, reference: Reference
) -> None:
    first, second = halves(reference.answers[CSV])

    assert sdk.results["transform_statuses"] == ["Completed", "Completed"]
    assert transformed(sdk, "many-a-request") == {"first.csv.out": first, "second.csv.out": second}


def test_batch_transform_by_one_row_a_request_assembles_a_line_each(
    sdk: Consulted, reference: Reference
) -> None:
    outputs = transformed(sdk, "one-a-request")

    predictions = json.loads(reference.answers[JSON])["predictions"][:FEW_ROWS]
    assert list(outputs) == ["few.csv.out"]
    assert [json.loads(line) for line in outputs["few.csv.out"].splitlines()] == [
        {"predictions": [prediction]} for prediction in predictions
    ]


def transformed(sdk: Consulted, job: str) -> dict[str, Any]:
    folder = sdk.request.uri("transformed", job)
    return {name: content.decode() for name, content in sdk.bucket.files(folder).items()}


def test_the_sdk_asks_nobody_but_this_machine(sdk: Consulted) -> None:
    assert set(sdk.results["hosts"]) <= {"localhost", "127.0.0.1", "::1"}


def test_containers_end_and_their_files_belong_to_the_invoking_user(sdk: Consulted) -> None:
    jobs, servers = sdk.containers[:4], sdk.containers[4:]

    # Two jobs succeed, and two are refused. How an endpoint and two transforms end is
    # the SDK's doing: its second signal makes compose kill what the first one stops.
    assert [job.exit_code for job in jobs] == [0, 1, 0, 1]
    assert len(servers) == 3
    assert sdk.owners == {os.getuid()}
