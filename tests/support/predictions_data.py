"""Seeded predictions beside what came true."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Table = dict[str, Any]


def binary(rows: int, seed: int, decimals: int = 3) -> Table:
    """Yes in one row of five; `decimals` of the probability decide how many scores are alike."""
    source = np.random.default_rng(seed)
    truth = source.random(rows) < 0.2
    probability = np.clip(source.normal(np.where(truth, 0.6, 0.25), 0.2), 0, 1).round(decimals)
    return {
        "label": np.where(truth, "yes", "no"),
        "prediction": np.where(probability >= 0.5, "yes", "no"),
        "probability": probability,
    }


def with_wrong_labels(table: Table, count: int) -> Table:
    """The first `count` truths turned round."""
    wrong = table["label"].copy()
    wrong[:count] = np.where(wrong[:count] == "yes", "no", "yes")
    return {**table, "label": wrong}


def numbers(rows: int, seed: int) -> Table:
    """A number and what a model takes it for, which is off by 3 on average."""
    source = np.random.default_rng(seed)
    truth = source.gamma(2, 10, rows)
    return {"truth": truth, "answer": truth + source.normal(0.5, 3, rows)}


def classes(rows: int, seed: int) -> Table:
    """Four classes of different size, seven in ten right; one is never predicted, one is never true."""
    source = np.random.default_rng(seed)
    truth = source.choice(["a", "b", "c", "d"], rows, p=[0.5, 0.3, 0.15, 0.05])
    guess = source.choice(["a", "b", "c", "e"], rows)
    right = (source.random(rows) < 0.7) & (truth != "d")
    return {"truth": truth, "answer": np.where(right, truth, guess)}


def forecasts(rows: int, seed: int) -> Table:
    """Demand with days of none, its mean forecast and three quantiles."""
    source = np.random.default_rng(seed)
    actual = source.poisson(5, rows).astype(float)
    middle = 5 + source.normal(0, 1, rows)
    return {"actual": actual, "mean": middle + 0.2, "p10": middle - 3, "p50": middle, "p90": middle + 3}


def csv_text(table: Mapping[str, Sequence[object]], header: bool = True) -> str:
    """The table as CSV, numbers with all their digits."""
    lines = [",".join(table)] if header else []
    lines += [",".join(map(str, row)) for row in zip(*table.values(), strict=True)]
    return "\n".join(lines) + "\n"


def merged(table: Table) -> str:
    """The table as calls whose answers were `prediction,probability`, merged with their ground truth."""
    return "".join(
        json.dumps(
            {
                "captureData": {
                    "endpointInput": {"data": "1,2\n", "encoding": "CSV", "mode": "INPUT"},
                    "endpointOutput": {"data": f"{answer},{score}\n", "encoding": "CSV", "mode": "OUTPUT"},
                },
                "eventMetadata": {"eventId": str(number), "inferenceTime": "2026-01-01T00:00:00Z"},
                "eventVersion": "0",
                "groundTruthData": {"data": str(label), "encoding": "CSV"},
            }
        )
        + "\n"
        for number, (label, answer, score) in enumerate(zip(*table.values(), strict=True))
    )


def json_lines(table: Mapping[str, Any]) -> str:
    """The table as JSON Lines."""
    rows = zip(*(values.tolist() for values in table.values()), strict=True)
    return "".join(json.dumps(dict(zip(table, row, strict=True))) + "\n" for row in rows)
