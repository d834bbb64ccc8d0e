import json
from dataclasses import replace

import numpy as np
import pytest
from tests.demand import DAYS, ITEMS, PANEL, panel_series
from train_deepar.configuration import Configuration
from train_deepar.media import JSON, JSON_LINES
from train_deepar.responses import render
from train_deepar.samples import Samples

SERIES = panel_series(DAYS)[:2]
VALUES = np.random.default_rng(3).gamma(2.0, 10.0, size=(2, 41, 5))


def answered(**parts: object) -> list[dict[str, object]]:
    body = render(JSON, Configuration().changed(parts), PANEL, SERIES, VALUES)
    predictions: list[dict[str, object]] = json.loads(body)["predictions"]
    return predictions


def test_mean_and_quantiles_are_those_of_the_samples() -> None:
    first, second = answered(quantiles=["0.1", 0.50, "0.9"])

    assert list(first) == ["item_id", "start", "mean", "quantiles"]
    assert (first["item_id"], second["item_id"]) == ("12_409", "12_410")
    # The day after 120 days from 2025-01-06 on.
    assert first["start"] == "2025-05-06"
    for row, prediction in enumerate((first, second)):
        np.testing.assert_array_equal(
            np.array(prediction["mean"], np.float32), VALUES[row].mean(axis=0).astype(np.float32)
        )
        # Of 41 samples in order those at places 4, 20 and 36.
        ordered = np.sort(VALUES[row], axis=0).astype(np.float32)
        quantiles = prediction["quantiles"]
        assert isinstance(quantiles, dict)
        assert list(quantiles) == ["0.1", "0.5", "0.9"]
        np.testing.assert_array_equal(np.array(list(quantiles.values()), np.float32), ordered[[4, 20, 36]])


def test_only_what_is_asked_for_is_answered_and_samples_are_all_of_them() -> None:
    first, _ = answered(output_types=["samples", "median"])

    assert list(first) == ["item_id", "start", "median", "samples"]
    np.testing.assert_array_equal(np.array(first["samples"], np.float32), VALUES[0].astype(np.float32))
    np.testing.assert_array_equal(
        np.array(first["median"], np.float32), np.median(VALUES[0], axis=0).astype(np.float32)
    )


def test_json_lines_have_a_prediction_each_and_a_series_without_a_key_has_none() -> None:
    nameless = [SERIES[0], replace(SERIES[1], item_id=None)]

    lines = render(JSON_LINES, Configuration(), PANEL, nameless, VALUES).decode().splitlines()

    assert [list(json.loads(line)) for line in lines] == [
        ["item_id", "start", "mean", "quantiles"],
        ["start", "mean", "quantiles"],
    ]
    assert [json.loads(line)["mean"] for line in lines] == [each["mean"] for each in answered()]


def test_a_key_is_written_as_json_has_it_whatever_is_in_it() -> None:
    odd = [replace(SERIES[0], item_id='a"b\ud800é'), SERIES[1]]

    (first, _) = json.loads(render(JSON, Configuration(), PANEL, odd, VALUES))["predictions"]

    assert first["item_id"] == 'a"b?é'


def test_an_answer_says_which_categories_no_training_series_had() -> None:
    new = [SERIES[0], replace(SERIES[1], cat=(0, len(ITEMS)))]

    first, second = json.loads(render(JSON, Configuration(), PANEL, new, VALUES))["predictions"]

    assert "untrained" not in first
    assert second["untrained"] == ["item"]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_samples_that_json_has_no_number_for_are_no_answer(value: float) -> None:
    values = VALUES.copy()
    values[1, 0, 0] = value

    with pytest.raises(ValueError, match="not all finite"):
        render(JSON, Configuration(), PANEL, SERIES, values)


def test_quantiles_are_gluonts_own() -> None:
    import pandas as pd
    from gluonts.model.forecast import SampleForecast

    for count in (1, 2, 7, 100, 200):
        values = VALUES[:1, :1].repeat(count, axis=1) * np.random.default_rng(count).random((1, count, 5))
        forecast = SampleForecast(values[0], pd.Period("2025-05-06", "D"))
        for level in (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975):
            np.testing.assert_array_equal(Samples(values).quantile(level)[0], forecast.quantile(level))
