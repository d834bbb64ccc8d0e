"""The train_xgb image keeps SageMaker's hosting contract."""

import json
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import docker
import pytest

from tests.support.containers import Endpoint, run_job, run_python, serving, wait_until
from tests.support.train_xgb_data import TEST_CLIENTS, TRAIN_CSV, write_training_root

README = Path(__file__).parents[2] / "images" / "train_xgb" / "README.md"
CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
ENCODED = "".join(client.encoded_line() for client in TEST_CLIENTS)
RAW_HEADER = "age,rate,job,contact\n"
RAW_CLIENT = TEST_CLIENTS[0].raw() | {"rate": 0.5}

# What the image must agree with: XGBoost itself, on the same numbers.
REFERENCE = """
import numpy, xgboost
rows = [[float(cell) if cell else numpy.nan for cell in line.split(",")] for line in open("/opt/ml/rows.csv")]
booster = xgboost.Booster(model_file="/opt/ml/model/model.ubj")
matrix = xgboost.DMatrix(numpy.array(rows, dtype=numpy.float32), feature_names=booster.feature_names)
print(booster.predict(matrix).astype("<f4").tobytes().hex())
"""

CONTRIBUTIONS = """
import json, numpy, xgboost
rows = [[float(cell) if cell else numpy.nan for cell in line.split(",")] for line in open("/opt/ml/rows.csv")]
booster = xgboost.Booster(model_file="/opt/ml/model/model.ubj")
matrix = xgboost.DMatrix(numpy.array(rows, dtype=numpy.float32), feature_names=booster.feature_names)
print(json.dumps(booster.predict(matrix, pred_contribs=True).tolist()))
"""


@pytest.fixture(scope="module")
def trained(train_xgb_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training job that is done."""
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", {"num_round": "60", "eta": "0.2"})
    assert run_job(train_xgb_image, ["train"], root).exit_code == 0
    return root


@pytest.fixture(scope="module")
def endpoint(train_xgb_image: str, trained: Path) -> Iterator[Endpoint]:
    with serving(train_xgb_image, trained / "model") as running:
        yield running


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    """A copy of the model that a test may damage."""
    return Path(shutil.copytree(trained / "model", tmp_path / "model"))


def float32_bytes(numbers: list[float]) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def csv_probabilities(text: str) -> bytes:
    return float32_bytes([float(line.split(",")[1]) for line in text.splitlines()])


def json_probabilities(answers: list[dict[str, float]]) -> bytes:
    return float32_bytes([answer["probability"] for answer in answers])


def test_ping_is_empty(endpoint: Endpoint) -> None:
    answer = endpoint.request("GET", "/ping")

    assert (answer.status, answer.body) == (200, b"")


def test_raw_and_encoded_rows_get_the_bits_that_xgboost_gives(
    endpoint: Endpoint, train_xgb_image: str, trained: Path
) -> None:
    (trained / "rows.csv").write_text(ENCODED)
    expected = bytes.fromhex(run_python(train_xgb_image, REFERENCE, trained).strip())
    raw = [client.raw() for client in TEST_CLIENTS]
    features = [[float(cell) if cell else None for cell in client.encoded()] for client in TEST_CLIENTS]
    jsonlines = "".join(json.dumps(row) + "\n" for row in raw)

    answers = {
        "encoded CSV": csv_probabilities(endpoint.invoke(CSV, ENCODED).text),
        "raw CSV": csv_probabilities(
            endpoint.invoke(CSV, RAW_HEADER + "".join(client.raw_line() for client in TEST_CLIENTS)).text
        ),
        "encoded JSON": json_probabilities(
            endpoint.invoke(JSON, json.dumps({"instances": [{"features": row} for row in features]})).json[
                "predictions"
            ]
        ),
        "raw JSON": json_probabilities(
            endpoint.invoke(JSON, json.dumps({"instances": raw})).json["predictions"]
        ),
        "raw JSON Lines": json_probabilities(
            [json.loads(line) for line in endpoint.invoke(JSON_LINES, jsonlines).text.splitlines()]
        ),
    }

    assert len(expected) == 4 * len(TEST_CLIENTS)
    assert {name: answer == expected for name, answer in answers.items()} == dict.fromkeys(answers, True)


def test_contributions_are_xgboosts_with_a_categorys_columns_added_up(
    endpoint: Endpoint, train_xgb_image: str, trained: Path
) -> None:
    (trained / "rows.csv").write_text(ENCODED)
    columns = json.loads(run_python(train_xgb_image, CONTRIBUTIONS, trained))

    answers = endpoint.invoke(CSV, ENCODED, accept=f"{JSON}; contributions=true").json["predictions"]
    lines = endpoint.invoke(CSV, ENCODED, accept=f"{CSV}; contributions=true").text.splitlines()

    assert len(answers) == len(lines) == len(columns) == len(TEST_CLIENTS)
    for answer, line, (age, rate, *rest, base) in zip(answers, lines, columns, strict=True):
        # Three columns of job, two of contact.
        expected = {"age": age, "rate": rate, "job": sum(rest[:3]), "contact": sum(rest[3:])}
        assert answer["contributions"] == pytest.approx(expected, abs=1e-6)
        assert answer["base_value"] == pytest.approx(base, abs=1e-6)
        assert [float(cell) for cell in line.split(",")[2:]] == [
            *answer["contributions"].values(),
            answer["base_value"],
        ]


def test_any_process_tells_what_all_of_them_have_answered(train_xgb_image: str, trained: Path) -> None:
    with serving(train_xgb_image, trained / "model", {"SAGEMAKER_MODEL_SERVER_WORKERS": "3"}) as running:
        for client in TEST_CLIENTS[:30]:
            assert running.invoke(CSV, client.encoded_line()).status == 200
        assert running.invoke(CSV, "oops").status == 400
        told = [running.request("GET", "/metrics").text for _ in range(10)]
        parameters = running.request("GET", "/execution-parameters").json

    for text in told:
        assert 'train_xgb_invocations_total{status="200"} 30\n' in text
        assert 'train_xgb_invocations_total{status="400"} 1\n' in text
        assert "train_xgb_rows_total 30\n" in text
        assert "train_xgb_workers 3\n" in text
    assert parameters["MaxConcurrentTransforms"] == 3


def test_labels_follow_the_threshold(endpoint: Endpoint) -> None:
    lines = endpoint.invoke(CSV, ENCODED).text.splitlines()

    labelled = [line.split(",") for line in lines]
    assert {label for label, _ in labelled} == {"yes", "no"}
    assert all((label == "yes") == (float(probability) >= 0.5) for label, probability in labelled)


def test_the_answers_format_is_the_callers_choice(endpoint: Endpoint) -> None:
    line = TEST_CLIENTS[0].encoded_line()

    formats = {
        accept: endpoint.invoke("text/csv; charset=utf-8", line, accept=accept).content_type
        for accept in ("*/*", "text/csv", JSON, JSON_LINES, "image/png, application/json;q=0.5")
    }

    assert formats == {
        "*/*": "text/csv; charset=utf-8",
        "text/csv": "text/csv; charset=utf-8",
        JSON: JSON,
        JSON_LINES: JSON_LINES,
        "image/png, application/json;q=0.5": JSON,
    }
    assert endpoint.invoke(JSON, json.dumps(RAW_CLIENT)).content_type == JSON


def test_variables_choose_content_and_default_format(train_xgb_image: str, trained: Path) -> None:
    environ = {
        "SAGEMAKER_INFERENCE_OUTPUT": "probability",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/jsonlines",
        "SAGEMAKER_BIND_TO_PORT": "9001",
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "20",
    }
    with serving(train_xgb_image, trained / "model", environ, port=9001) as running:
        answer = running.invoke(CSV, TEST_CLIENTS[0].encoded_line())
        parameters = running.request("GET", "/execution-parameters").json

    assert answer.content_type == JSON_LINES
    assert set(answer.json) == {"probability"}
    assert parameters["MaxPayloadInMB"] == 20


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        (
            JSON,
            [RAW_CLIENT, RAW_CLIENT | {"job": "astronaut"}],
            "Row 2: job 'astronaut' is not a known category",
        ),
        (JSON, [RAW_CLIENT | {"age": "58"}], "Row 1: age is the text '58'"),
        (JSON, [RAW_CLIENT | {"age": 58.5}], "Row 1: age is 58.5; it needs a whole number"),
        (JSON, [RAW_CLIENT | {"age": None}], "Row 1: age is empty"),
        (JSON, [{"age": 58}], "Row 1: fields missing: rate, job, contact"),
        (JSON, [RAW_CLIENT | {"shoe_size": 44}], "Row 1: fields unknown: 'shoe_size'"),
        (JSON, '{"features": [NaN]}', "NaN is not a JSON number"),
        (JSON, "{", "not valid JSON"),
        (CSV, ENCODED + "1,2,3\n", f"Row {len(TEST_CLIENTS) + 1}: 3 columns"),
        (CSV, "0.5,inf,1,0,0,0,0\n", "Row 1: rate is 'inf', not a finite number"),
        (CSV, RAW_HEADER + "58,0.5,student,pigeon\n", "Row 1: contact 'pigeon' is not a known category"),
        (CSV, "age,rate,job\n58,0.5,student\n", "missing: contact"),
        (CSV, "", "The body is empty"),
        (JSON_LINES, json.dumps(RAW_CLIENT) + '\n{"age": 1', "Row 2: the line is not valid JSON"),
    ],
)
def test_a_bad_row_gets_400_with_its_number_and_the_reason(
    endpoint: Endpoint, content_type: str, body: object, reason: str
) -> None:
    answer = endpoint.invoke(content_type, body if isinstance(body, str) else json.dumps(body))

    assert answer.status == 400
    assert reason in answer.json["error"]


def test_whole_numbers_may_be_written_with_a_point_and_beyond_the_range_of_training(
    endpoint: Endpoint,
) -> None:
    rows = [RAW_CLIENT | {"age": age} for age in (58, 58.0, 130)]

    answer = endpoint.invoke(JSON, json.dumps(rows))

    first, second, _ = answer.json["predictions"]
    assert first == second


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content_type": "application/x-npy"}, b"1", 415),
        ({"content_type": "text/csv; charset=latin-1"}, b"1", 415),
        ({"content_type": "text/csv", "accept": "image/png"}, b"1", 406),
        ({"content_type": "text/csv"}, b"1," * (3 * 1024 * 1024) + b"1", 413),
    ],
)
def test_other_refusals_have_their_own_status(
    endpoint: Endpoint, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = endpoint.request("POST", "/invocations", body, **headers)

    assert answer.status == status
    assert answer.json["error"]


def test_rows_that_another_encoder_made_are_not_answered(endpoint: Endpoint, trained: Path) -> None:
    # What preprocessing left, byte for byte, is in the model.
    content = (trained / "input/data/encoder/encoder.json").read_bytes()
    own, other = (f"trace=7;encoder={digest}" for digest in (sha256(content).hexdigest(), "0" * 64))

    answers = [
        endpoint.invoke(CSV, ENCODED, X_Amzn_SageMaker_Custom_Attributes=each) for each in (own, other)
    ]

    assert [answer.status for answer in answers] == [200, 412]
    assert answers[0].body == endpoint.invoke(CSV, ENCODED).body
    assert answers[1].json["error"].startswith("The rows were encoded by encoder 000000000000…")


def test_execution_parameters_are_sagemakers(endpoint: Endpoint) -> None:
    parameters = endpoint.request("GET", "/execution-parameters").json

    assert parameters["BatchStrategy"] == "MULTI_RECORD"
    assert parameters["MaxPayloadInMB"] == 6
    assert parameters["MaxConcurrentTransforms"] >= 1


def test_many_callers_at_once_get_their_own_answers(endpoint: Endpoint) -> None:
    lines = [client.encoded_line() for client in TEST_CLIENTS]
    expected = endpoint.invoke(CSV, ENCODED).text.splitlines(keepends=True)

    with ThreadPoolExecutor(max_workers=8) as callers:
        answers = list(callers.map(lambda line: endpoint.invoke(CSV, line).text, lines))

    assert answers == expected


def test_the_readmes_examples_answer(endpoint: Endpoint) -> None:
    examples = re.findall(
        r"^`([a-z/]+)`[^\n]*:\n\n```\w*\n(.+?)```",
        README.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )

    answers = [(content_type, endpoint.invoke(content_type, body)) for content_type, body in examples]

    assert {content_type for content_type, _ in answers} == {CSV, JSON, JSON_LINES}
    assert [answer.status for _, answer in answers] == [200] * len(answers)


def edit_manifest(model: Path, **changes: object) -> None:
    path = model / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda model: edit_manifest(model, xgboost_version="3.0.5"), "saved by XGBoost 3.0.5"),
        (lambda model: edit_manifest(model, format_version=99), "format_version 99"),
        (lambda model: (model / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda model: (model / "model.ubj").unlink(), "model.ubj is missing"),
        (lambda model: (model / "model.ubj").write_bytes(b"{}"), "not the file that was saved"),
    ],
)
def test_a_model_that_cannot_be_trusted_is_refused_at_start(
    train_xgb_image: str, model: Path, tmp_path: Path, damage: Callable[[Path], object], reason: str
) -> None:
    damage(model)

    outcome = run_job(train_xgb_image, ["serve"], tmp_path)

    assert outcome.exit_code == 1
    assert reason in outcome.stderr
    assert "Traceback" not in outcome.stderr
    # It never came to listening, so /ping was never answered.
    assert "server.starting" not in outcome.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAGEMAKER_INFERENCE_OUTPUT", "mood"),
        ("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/html"),
        ("SAGEMAKER_BIND_TO_PORT", "http"),
        ("SAGEMAKER_MODEL_SERVER_WORKERS", "many"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_start(
    train_xgb_image: str, trained: Path, name: str, value: str
) -> None:
    outcome = run_job(train_xgb_image, ["serve"], trained, environment={name: value})

    assert outcome.exit_code == 1
    assert name in outcome.stderr


def test_a_pca_model_answers_a_row_alone_as_among_others(train_xgb_image: str, tmp_path: Path) -> None:
    complete = "".join(line + "\n" for line in TRAIN_CSV.splitlines() if ",," not in line)
    root = write_training_root(
        tmp_path / "ml", {"num_round": "20", "pca_components": "4"}, train=complete, validation=None
    )
    assert run_job(train_xgb_image, ["train"], root).exit_code == 0
    rows = [client for client in TEST_CLIENTS if client.rate is not None]

    with serving(train_xgb_image, root / "model") as running:
        together = running.invoke(CSV, "".join(client.encoded_line() for client in rows)).text
        alone = "".join(
            running.invoke(JSON, json.dumps(client.raw()), accept=CSV).text for client in rows[:25]
        )
        empty = running.invoke(JSON, json.dumps(RAW_CLIENT | {"rate": None}))

    assert together.startswith(alone)
    assert (empty.status, empty.json["row"]) == (400, 1)


@pytest.mark.parametrize("user", ["0:0", "12345:12345"])
def test_any_user_may_serve_on_a_read_only_root(train_xgb_image: str, trained: Path, user: str) -> None:
    # mkdtemp's folder is its owner's alone, a model's folder is not.
    for folder in (trained / "model", *(trained / "model").parents):
        if str(folder).startswith(str(trained.parents[1])):
            folder.chmod(folder.stat().st_mode | 0o755)

    with serving(train_xgb_image, trained / "model", user=user, read_only=True) as running:
        assert running.invoke(CSV, TEST_CLIENTS[0].encoded_line()).status == 200


def test_sigterm_lets_requests_in_flight_finish(train_xgb_image: str, trained: Path) -> None:
    body = (ENCODED * 40).encode()

    with serving(train_xgb_image, trained / "model") as running, closing(running.connect()) as connection:
        connection.putrequest("POST", "/invocations")
        connection.putheader("Content-Type", CSV)
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        assert connection.sock is not None
        # The server asks for the body, so the request is in flight from here on.
        assert connection.sock.recv(4096).startswith(b"HTTP/1.1 100 ")
        running.container.kill(signal="SIGTERM")
        wait_until(lambda: None if running.is_reachable() else True, "new callers to be turned away")
        connection.send(body)
        response = connection.getresponse()
        answered = response.read().decode().splitlines()
        exit_code = running.container.wait(timeout=30)["StatusCode"]

    assert response.status == 200
    assert len(answered) == 40 * len(TEST_CLIENTS)
    assert exit_code == 0


def test_the_image_says_what_it_can_and_is_small(train_xgb_image: str) -> None:
    with closing(docker.from_env()) as engine:
        image = engine.images.get(train_xgb_image)

    assert image.labels["com.amazonaws.sagemaker.capabilities.accept-bind-to-port"] == "true"
    assert image.labels["slipway"] == "1"
    size = image.attrs["Size"]
    assert size < 700_000_000
    documented = re.search(r"Size (\d+) MB", README.read_text(encoding="utf-8"))
    assert documented is not None
    assert float(documented[1]) * 1e6 == pytest.approx(size, rel=0.1)
