"""The served answers on bank's real rows are XGBoost's own, to the bit."""

import json
import struct
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from benchmarks.jobs import docker_run, prepare_training, preprocess
from orchestration.project_file import load_tabular
from tests.support.containers import Endpoint, run_python, serving

CSV = "text/csv"
# Of 45,211 rows 10 % are live and a fifth of the rest is the test set, both rounded up.
UNSEEN_ROWS = 4_522 + 8_138
ALONE = 400
# The largest and smallest numbers of a float32, and what is next to nothing.
EDGES = ("3.4028235e38", "-3.4028235e38", "1.1754944e-38", "1e-45", "-0.0", "0")

# What the image must agree with: XGBoost itself, on the same numbers.
REFERENCE = """
import numpy, xgboost
rows = numpy.loadtxt("/opt/ml/rows.csv", delimiter=",", dtype=numpy.float32, ndmin=2)
booster = xgboost.Booster(model_file="/opt/ml/model/model.ubj")
matrix = xgboost.DMatrix(rows, feature_names=booster.feature_names)
print(booster.predict(matrix).astype("<f4").tobytes().hex())
"""


@pytest.fixture(scope="module")
def bank(
    preprocess_image: str, train_xgb_image: str, bank_csv: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What preprocessing and training made of the real rows."""
    project = load_tabular("bank")
    root = tmp_path_factory.mktemp("bank")
    preprocess(preprocess_image, project, bank_csv, project.split.seed, root / "parts")
    prepare_training(project.hyperparameters, root / "parts", root / "trained")
    docker_run(train_xgb_image, ["train"], root / "trained")
    return root


@pytest.fixture(scope="module")
def endpoint(bank: Path, train_xgb_image: str) -> Iterator[Endpoint]:
    with serving(train_xgb_image, bank / "trained" / "model") as running:
        yield running


def encoded_lines(bank: Path, *parts: str) -> list[str]:
    """The encoded rows of parts, without their labels."""
    outputs = bank / "parts" / "processing" / "output"
    texts = [(outputs / part).read_text(encoding="utf-8") for part in parts]
    return [line.partition(",")[2] + "\n" for text in texts for line in text.splitlines()]


def expected(bank: Path, image: str, lines: list[str]) -> bytes:
    (bank / "trained" / "rows.csv").write_text("".join(lines), encoding="utf-8")
    return bytes.fromhex(run_python(image, REFERENCE, bank / "trained").strip())


def as_float32(lines: list[str]) -> bytes:
    numbers = [float(line.split(",")[1]) for line in lines]
    return struct.pack(f"<{len(numbers)}f", *numbers)


def asked(connection: HTTPConnection, content_type: str, body: str) -> str:
    connection.request("POST", "/invocations", body.encode(), {"Content-Type": content_type, "Accept": CSV})
    response = connection.getresponse()
    answer = response.read().decode()
    assert response.status == 200, answer
    return answer


def test_every_unseen_row_gets_xgboosts_bits_in_a_batch_and_alone(
    bank: Path, endpoint: Endpoint, train_xgb_image: str
) -> None:
    lines = encoded_lines(bank, "test/test.csv", "live/encoded.csv")

    answers = endpoint.invoke(CSV, "".join(lines)).text.splitlines(keepends=True)
    with closing(endpoint.connect()) as connection:
        alone = [asked(connection, CSV, line) for line in lines[:ALONE]]

    assert len(lines) == UNSEEN_ROWS
    assert as_float32(answers) == expected(bank, train_xgb_image, lines)
    assert alone == answers[:ALONE]


def test_raw_rows_get_the_bits_of_their_encoded_ones(bank: Path, endpoint: Endpoint) -> None:
    live = (bank / "parts/processing/output/live/live.csv").read_text(encoding="utf-8").splitlines()
    # The last column is the label.
    header, *rows = [line.rpartition(",")[0] for line in live]
    names = header.split(",")
    documents = [dict(zip(names, row.split(","), strict=True)) for row in rows]
    encoder = json.loads((bank / "trained/model/encoder.json").read_text(encoding="utf-8"))
    numbers = {feature["name"] for feature in encoder["numeric"]}
    typed = [
        {name: int(cell) if name in numbers else cell for name, cell in row.items()} for row in documents
    ]

    answers = endpoint.invoke(CSV, "".join(encoded_lines(bank, "live/encoded.csv"))).text
    raw = endpoint.invoke(CSV, "\n".join([header, *rows])).text
    objects = endpoint.invoke("application/json", json.dumps(typed), accept=CSV).text
    with closing(endpoint.connect()) as connection:
        lines = [asked(connection, CSV, f"{header}\n{row}\n") for row in rows[:ALONE]]
        jsons = [asked(connection, "application/json", json.dumps(row)) for row in typed[:ALONE]]

    assert raw == objects == answers
    assert lines == jsons == answers.splitlines(keepends=True)[:ALONE]


def test_extreme_numbers_get_xgboosts_bits(bank: Path, endpoint: Endpoint, train_xgb_image: str) -> None:
    line = encoded_lines(bank, "live/encoded.csv")[0]
    encoder = json.loads((bank / "trained/model/encoder.json").read_text(encoding="utf-8"))
    lines = []
    for place in range(len(encoder["numeric"])):
        cells = line.split(",")
        for edge in EDGES:
            cells[place] = edge
            lines.append(",".join(cells))

    answers = endpoint.invoke(CSV, "".join(lines)).text.splitlines(keepends=True)
    with closing(endpoint.connect()) as connection:
        alone = [asked(connection, CSV, each) for each in lines]

    assert as_float32(answers) == expected(bank, train_xgb_image, lines)
    assert alone == answers
