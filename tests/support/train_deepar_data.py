"""A small panel for the train_deepar image: seeded daily sales with a week, prices that matter, and gaps.

Two stores sell three things each; the files are those that preprocessing leaves.
What one asks of an endpoint is spelled out here once more, on purpose.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tests.support.job_roots import write_evaluation_files, write_training_files

PREDICTION_LENGTH = 7
DAYS = 168
START = date(2025, 1, 6)
STORES, ITEMS, KINDS = ("12", "13"), ("409", "410", "503"), ("drink", "food")
HOLIDAYS = {"2025-04-18": "Good Friday", "2025-05-05": "May Day", "2025-05-26": "Spring Bank Holiday"}
CLOSED = START + timedelta(days=80)
ENDS = {"train": DAYS - 2 * PREDICTION_LENGTH, "validation": DAYS - PREDICTION_LENGTH, "test": DAYS}

PANEL: dict[str, object] = {
    "version": 1,
    "schema_sha256": "0" * 64,
    "frequency": "D",
    "prediction_length": PREDICTION_LENGTH,
    "item_id": ["store", "item"],
    "target": {"name": "quantity", "type": "Integral", "minimum": 0},
    "cat": [
        {"name": "store", "values": list(STORES)},
        {"name": "item", "values": list(ITEMS)},
        {"name": "category", "values": list(KINDS)},
    ],
    "static_real": [{"name": "amenity_count"}],
    "dynamic_feat": [
        {"name": "unit_price", "scaling": "relative", "source": "known", "minimum": 0},
        {"name": "is_holiday", "scaling": "none", "source": "holidays"},
    ],
    "holidays": {"country": "GB", "until": "2027-12-31", "dates": HOLIDAYS},
    "closed_dates": [CLOSED.isoformat()],
}

# Small enough to be trained in seconds, and to be told from no training at all.
QUICK = {
    "estimator": "deepar",
    "epochs": "1",
    "num_batches_per_epoch": "2",
    "mini_batch_size": "8",
    "context_length": "28",
    "num_cells": "8",
    "num_layers": "1",
    "seed": "3",
}
NAIVE = {"estimator": "seasonal-naive", "context_length": "28"}


@dataclass(frozen=True, slots=True)
class Sales:
    """One series: quantities (None where the day is missing) and prices from START on."""

    item_id: str
    cat: tuple[int, int, int]
    amenity_count: int
    quantities: tuple[int | None, ...]
    prices: tuple[float, ...]

    def line(self, days: int, features: int | None = None) -> dict[str, object]:
        """The first `days` days as preprocessing writes them, with features for as many or `features`."""
        told = days if features is None else features
        return {
            "item_id": self.item_id,
            "start": START.isoformat(),
            "target": list(self.quantities[:days]),
            "cat": list(self.cat),
            "static_real": [self.amenity_count],
            "dynamic_feat": [
                list(self.prices[:told]),
                [int((START + timedelta(days=day)).isoformat() in HOLIDAYS) for day in range(told)],
            ],
        }


def _sales(store: int, item: int, source: random.Random) -> Sales:
    level, price = source.uniform(15, 60), source.uniform(3, 12)
    quantities: list[int | None] = []
    prices: list[float] = []
    for day in range(DAYS):
        on_offer = source.random() < 0.15
        prices.append(round(price * (0.75 if on_offer else 1), 2))
        expected = level * (1.5 if day % 7 >= 5 else 0.9) * (1.6 if on_offer else 1)
        is_missing = START + timedelta(days=day) == CLOSED or (day < ENDS["train"] and source.random() < 0.02)
        quantities.append(None if is_missing else max(0, round(source.gauss(expected, expected**0.5))))
    return Sales(
        f"{STORES[store]}_{ITEMS[item]}",
        (store, item, item // 2),
        (14, 3)[store],
        tuple(quantities),
        tuple(prices),
    )


def _panel(seed: int) -> dict[str, Sales]:
    source = random.Random(seed)
    found = [_sales(store, item, source) for store in range(len(STORES)) for item in range(len(ITEMS))]
    return {each.item_id: each for each in found}


SALES: Mapping[str, Sales] = _panel(seed=1)


def series_jsonl(part: str, sales: Mapping[str, Sales] = SALES) -> str:
    """A channel's series.jsonl."""
    return "".join(json.dumps(each.line(ENDS[part])) + "\n" for each in sales.values())


def write_training_root(root: Path, hyperparameters: Mapping[str, str], history: str = "validation") -> Path:
    """Prepare `root` as SageMaker prepares /opt/ml for training; `history` is the part that serving holds."""
    channels = {
        "train": ("series.jsonl", series_jsonl("train")),
        "validation": ("series.jsonl", series_jsonl("validation")),
        "history": ("series.jsonl", series_jsonl(history)),
        "encoder": ("panel.json", json.dumps(PANEL)),
    }
    return write_training_files(root, channels, hyperparameters)


def write_evaluation_root(root: Path, model: Path, test: str) -> Path:
    """Prepare `root` as SageMaker prepares /opt/ml for the evaluation job."""
    return write_evaluation_files(root, model, "series.jsonl", test)
