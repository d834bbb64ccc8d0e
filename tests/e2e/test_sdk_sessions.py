"""The SageMaker SDKs, v3 and v2, unmodified and over ordinary sessions: jobs, the registry, endpoints.

All that they are told is what `make env` prints. What they do is looked up in
S3 and CloudWatch by another client, and the two must come to the same.
"""

import json
import subprocess
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from scripts.commands import ROOT
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh
from tests.support.sdk_session import METRIC, Request
from tests.support.sdk_shell import PYTHONS, environment
from tests.support.train_xgb_data import TEST_CLIENTS, TRAIN_CSV

PROGRAM_SECONDS = 300
FEW = TEST_CLIENTS[:5]


@dataclass(frozen=True, slots=True)
class Session:
    """What an SDK was asked, reported and printed."""

    request: Request
    results: dict[str, Any]
    printed: str


@pytest.fixture(scope="module", params=["v3", "v2"])
def session(
    request: pytest.FixtureRequest,
    emulator: Emulator,
    bucket: str,
    preprocess_image: str,
    train_xgb_image: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Session:
    """An SDK that has done everything once."""
    folder = tmp_path_factory.mktemp(request.param)
    asked = Request(
        name=fresh(f"sdk-{request.param}"),
        data_uri=f"s3://{bucket}/data",
        preprocess_image=preprocess_image,
        train_xgb_image=train_xgb_image,
        hyperparameters={"num_round": 20, "eta": 0.3},
        refused_hyperparameters={"eta": "fast"},
        program="head -n 2 /opt/ml/processing/input/train.csv > /opt/ml/processing/output/head.csv; "
        "echo the job says so",
        rows="".join(row.encoded_line() for row in FEW),
    )
    python = PYTHONS[request.param]
    assert python.exists(), f"{python.parents[1].name} is not there; `make test` makes it"
    ended = subprocess.run(
        [str(python), "-m", f"tests.support.sdk_{request.param}_session", str(folder / "results.json")],
        check=False,
        cwd=ROOT,
        env=environment(emulator.localstack.endpoint_url, folder),
        input=json.dumps(asdict(asked)),
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
    )
    printed = ended.stdout + ended.stderr
    assert ended.returncode == 0, printed[-6000:]
    return Session(asked, json.loads((folder / "results.json").read_text("utf-8")), printed)


def read(emulator: Emulator, uri: str) -> str:
    """An object's text."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    text: str = emulator.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return text


def test_the_session_finds_its_bucket_and_its_role(session: Session) -> None:
    assert session.results["bucket"] == "sagemaker-us-east-1-000000000000"
    assert session.results["role"] == "arn:aws:iam::000000000000:role/slipway"


def test_a_processing_job_leaves_its_output_and_its_lines_are_printed(
    emulator: Emulator, session: Session
) -> None:
    head = read(emulator, f"{session.results['processed']}/head.csv")

    assert head == "".join(TRAIN_CSV.splitlines(keepends=True)[:2])
    assert "the job says so" in session.printed


def test_a_training_job_leaves_a_model_and_its_lines_are_printed(
    emulator: Emulator, session: Session
) -> None:
    bucket, _, key = session.results["model"].removeprefix("s3://").partition("/")
    model = emulator.s3.head_object(Bucket=bucket, Key=key)

    assert key.endswith("/output/model.tar.gz")
    assert model["ContentLength"] > 0
    # The image's own last lines (its README, "Training").
    assert f"{METRIC}=" in session.printed
    assert "job.finished kind=training" in session.printed


def test_the_error_of_a_job_that_fails_has_the_images_own_reason(session: Session) -> None:
    assert "AlgorithmError: " in session.results["failure"]
    assert "eta='fast' must be a number above 0 and at most 1" in session.results["failure"]


def test_a_version_is_registered_and_approved(session: Session) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:model-package/{session.request.name}/1"

    assert (session.results["version"], session.results["approval"]) == (arn, "Approved")


def test_the_model_and_its_registered_version_answer_alike(session: Session) -> None:
    predictions = session.results["answer"]["predictions"]

    assert len(predictions) == len(FEW)
    assert {prediction["predicted_label"] for prediction in predictions} <= {"yes", "no"}
    assert session.results["version_answer"] == session.results["answer"]


def test_an_endpoint_gets_a_second_instance(session: Session) -> None:
    assert session.results["instances"] == 2


def test_nothing_that_serves_is_left(emulator: Emulator, session: Session) -> None:
    sagemaker = emulator.client("sagemaker")
    named = {"NameContains": session.request.name}

    assert sagemaker.list_endpoints(**named)["Endpoints"] == []
    assert sagemaker.list_models(**named)["Models"] == []
    assert [
        container
        for container in emulator.job_containers()
        if session.request.name in container.labels["slipway.resource"]
    ] == []


def test_the_sdk_asks_nobody_but_this_machine(session: Session) -> None:
    assert session.results["hosts"] == ["127.0.0.1"]
