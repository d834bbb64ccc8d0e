"""Forecasts to response bodies."""

import json
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from train_deepar.configuration import MEAN, MEDIAN, QUANTILES, SAMPLES, Configuration
from train_deepar.media import JSON
from train_deepar.panel import Panel
from train_deepar.samples import Samples
from train_deepar.series import Series
from train_deepar.values import day_text


def render(
    media_type: str,
    configuration: Configuration,
    panel: Panel,
    series: Sequence[Series],
    samples: npt.NDArray[np.float64],
) -> bytes:
    """The body for `series` with `samples`, shape (series, samples, days), in their order.

    A series says which of its categories no training series had (`untrained`). A number is the
    shortest decimal that reads back as the same float32.
    """
    with np.errstate(over="ignore"):
        if not np.isfinite(samples.astype(np.float32)).all():
            raise ValueError("The model's samples are not all finite.")
    predictions = [
        "{" + ", ".join((*_heads(each, panel), *members)) + "}"
        for each, members in zip(series, _members(configuration, samples), strict=True)
    ]
    if media_type == JSON:
        return f'{{"predictions": [{", ".join(predictions)}]}}'.encode(errors="replace")
    return "".join(f"{prediction}\n" for prediction in predictions).encode(errors="replace")


def _heads(series: Series, panel: Panel) -> Iterator[str]:
    if series.item_id is not None:
        yield f'"item_id": {json.dumps(series.item_id, ensure_ascii=False)}'
    yield f'"start": "{day_text(series.start.toordinal() + len(series.target))}"'
    if untrained := panel.untrained(series.cat):
        yield f'"untrained": {json.dumps(untrained, ensure_ascii=False)}'


def _members(configuration: Configuration, samples: npt.NDArray[np.float64]) -> Iterator[list[str]]:
    """What is asked for of each series, as members of a JSON object."""
    summary = Samples(samples)
    asked = configuration.output_types
    columns: list[tuple[str, list[str]]] = []
    if MEAN in asked:
        columns.append((MEAN, _lists(summary.mean)))
    if MEDIAN in asked:
        columns.append((MEDIAN, _lists(summary.quantile(0.5))))
    if QUANTILES in asked:
        names = [json.dumps(level) for level in configuration.quantiles]
        lists = [_lists(summary.quantile(float(level))) for level in configuration.quantiles]
        columns.append((QUANTILES, [_object(names, row) for row in zip(*lists, strict=True)]))
    if SAMPLES in asked:
        columns.append((SAMPLES, [f"[{', '.join(_lists(paths))}]" for paths in samples]))
    for row in zip(*(texts for _, texts in columns), strict=True):
        yield [f'"{name}": {text}' for (name, _), text in zip(columns, row, strict=True)]


def _object(names: Sequence[str], texts: Sequence[str]) -> str:
    return "{" + ", ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True)) + "}"


def _lists(numbers: npt.NDArray[np.float64]) -> list[str]:
    """Each row as a JSON list."""
    # A tenth of the time of str() on each number; 32 characters hold any float32.
    texts = numbers.astype(np.float32).astype("U32").tolist()
    return [f"[{', '.join(row)}]" for row in texts]
