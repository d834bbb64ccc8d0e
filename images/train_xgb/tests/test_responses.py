import csv
import json

import numpy as np
import pytest
from smcontract.failure import ContractError
from train_xgb.artefact import Contributions
from train_xgb.media import CSV, JSON, JSON_LINES
from train_xgb.responses import DEFAULT_CONTENTS, Renderer, ResponseSettings, texts

PROBABILITIES = np.array([0.1, 0.5, 1 / 3, 1e-7], dtype=np.float32)
LABELS = ("no", "yes, please")


def renderer(media_type: str, *contents: str, threshold: float = 0.5) -> Renderer:
    return Renderer(media_type, contents or DEFAULT_CONTENTS, LABELS, threshold)


@pytest.mark.parametrize("media_type", [CSV, JSON, JSON_LINES])
def test_a_probability_reads_back_as_the_same_float32(media_type: str) -> None:
    text = renderer(media_type, "probability").many(PROBABILITIES).decode()

    if media_type == JSON:
        read = [row["probability"] for row in json.loads(text)["predictions"]]
    elif media_type == JSON_LINES:
        read = [json.loads(line)["probability"] for line in text.splitlines()]
    else:
        read = [float(line) for line in text.splitlines()]
    assert np.array(read, dtype=np.float32).tobytes() == PROBABILITIES.tobytes()


def test_a_number_is_the_shortest_decimal_of_its_float32() -> None:
    random = np.random.default_rng(0)
    spread = (10.0 ** random.uniform(-40, 38, 20_000)).astype(np.float32)
    edges = np.array([0, -0.0, 1, 1e-45, 3.4028235e38, 9999999, 0.0001, 0.00009999], dtype=np.float32)

    for numbers in (spread, -spread, edges, random.random(20_000, dtype=np.float32)):
        # What str() says of a single number is the shortest by NumPy's promise.
        assert texts(numbers) == [str(number) for number in numbers]


def test_the_label_follows_the_threshold_in_float32() -> None:
    # As a float64 this threshold lies above the float32 nearest to it.
    threshold = float(np.nextafter(np.float64(np.float32(0.1)), 1))
    written = renderer(CSV, "predicted_label", threshold=threshold)

    assert written.many(PROBABILITIES).decode().splitlines() == ['"yes, please"'] * 3 + ["no"]
    assert [written.one(number) for number in PROBABILITIES.tolist()] == [b'"yes, please"\n'] * 3 + [b"no\n"]


@pytest.mark.parametrize("media_type", [CSV, JSON, JSON_LINES])
@pytest.mark.parametrize(
    "contents",
    [DEFAULT_CONTENTS, ("probability", "predicted_label"), ("probability",), ("predicted_label",)],
)
def test_a_row_alone_is_written_as_among_others(media_type: str, contents: tuple[str, ...]) -> None:
    written = renderer(media_type, *contents)

    alone = [written.one(number) for number in PROBABILITIES.tolist()]

    assert alone == [written.many(PROBABILITIES[at : at + 1]) for at in range(len(PROBABILITIES))]
    if media_type != JSON:
        assert b"".join(alone) == written.many(PROBABILITIES)


def test_each_format_holds_what_was_asked_for_in_that_order() -> None:
    row = np.array([0.875], dtype=np.float32)

    assert renderer(CSV).many(row) == b'"yes, please",0.875\n'
    assert renderer(CSV, "probability", "predicted_label").many(row) == b'0.875,"yes, please"\n'
    assert json.loads(renderer(JSON).many(row)) == {
        "predictions": [{"predicted_label": "yes, please", "probability": 0.875}]
    }
    assert renderer(JSON_LINES, "probability").many(row) == b'{"probability": 0.875}\n'


def test_contributions_have_a_place_of_their_own_and_the_base_value_beside_them() -> None:
    row = np.array([0.875], dtype=np.float32)
    contributions = Contributions(
        ("age", 'job "x"'), np.array([[0.5, -0.25]], dtype=np.float32), np.array([-1.5], dtype=np.float32)
    )

    lines = renderer(CSV, "contributions", "predicted_label").explained(row, contributions).decode()
    document = json.loads(renderer(JSON, *DEFAULT_CONTENTS, "contributions").explained(row, contributions))
    line = json.loads(renderer(JSON_LINES, "contributions").explained(row, contributions))

    assert list(csv.reader([lines.strip()])) == [["0.5", "-0.25", "-1.5", "yes, please"]]
    assert document["predictions"] == [
        {
            "predicted_label": "yes, please",
            "probability": 0.875,
            "contributions": {"age": 0.5, 'job "x"': -0.25},
            "base_value": -1.5,
        }
    ]
    assert line == {"contributions": {"age": 0.5, 'job "x"': -0.25}, "base_value": -1.5}


def test_settings_come_from_sagemakers_variables() -> None:
    environ = {
        "SAGEMAKER_INFERENCE_OUTPUT": "probability, contributions, predicted_label",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/json",
    }

    assert ResponseSettings.from_environ({}) == ResponseSettings(DEFAULT_CONTENTS, None)
    assert ResponseSettings.from_environ(environ) == ResponseSettings(
        ("probability", "contributions", "predicted_label"), "application/json"
    )


@pytest.mark.parametrize(
    "environ",
    [
        {"SAGEMAKER_INFERENCE_OUTPUT": "label"},
        {"SAGEMAKER_INFERENCE_OUTPUT": "probability,probability"},
        {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/html"},
    ],
)
def test_unknown_settings_are_refused_by_name(environ: dict[str, str]) -> None:
    with pytest.raises(ContractError, match=next(iter(environ))):
        ResponseSettings.from_environ(environ)
