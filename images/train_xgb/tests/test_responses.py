import json

import numpy as np
import pytest
from smcontract.failure import ContractError
from train_xgb.media import CSV, JSON, JSON_LINES
from train_xgb.responses import CONTENTS, ResponseSettings, predictions, render

PROBABILITIES = np.array([0.1, 0.5, 1 / 3, 1e-7], dtype=np.float32)


def test_a_probability_reads_back_as_the_same_float32() -> None:
    rows = predictions(PROBABILITIES, 0.5, "no", "yes")

    assert [row["predicted_label"] for row in rows] == ["no", "yes", "no", "no"]
    for media_type in (JSON, JSON_LINES, CSV):
        text = render(media_type, rows, ("probability",)).decode()
        if media_type == JSON:
            read = [row["probability"] for row in json.loads(text)["predictions"]]
        elif media_type == JSON_LINES:
            read = [json.loads(line)["probability"] for line in text.splitlines()]
        else:
            read = [float(line) for line in text.splitlines()]
        assert np.array(read, dtype=np.float32).tobytes() == PROBABILITIES.tobytes()


def test_each_format_holds_what_was_asked_for_in_that_order() -> None:
    rows = predictions(np.array([0.875], dtype=np.float32), 0.5, "no", "yes, please")

    assert render(CSV, rows, CONTENTS) == b'"yes, please",0.875\n'
    assert render(CSV, rows, ("probability", "predicted_label")) == b'0.875,"yes, please"\n'
    assert json.loads(render(JSON, rows, CONTENTS)) == {
        "predictions": [{"predicted_label": "yes, please", "probability": 0.875}]
    }
    assert render(JSON_LINES, rows, ("probability",)) == b'{"probability": 0.875}\n'


def test_settings_come_from_sagemakers_variables() -> None:
    environ = {
        "SAGEMAKER_INFERENCE_OUTPUT": "probability, predicted_label",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/json",
    }

    assert ResponseSettings.from_environ({}) == ResponseSettings(CONTENTS, None)
    assert ResponseSettings.from_environ(environ) == ResponseSettings(
        ("probability", "predicted_label"), "application/json"
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
