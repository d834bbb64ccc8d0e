"""A small panel of six series with a week in them, and models of it."""

import json
from datetime import date
from pathlib import Path

import numpy as np
from train_deepar.panel import Panel, parse_panel
from train_deepar.series import Series

HORIZON = 7
DAYS = 120
CONTEXT = 28
START = date(2025, 1, 6)
STORES, ITEMS = ("12", "13"), ("409", "410", "503")

DOCUMENT = {
    "version": 1,
    "schema_sha256": "0" * 64,
    "frequency": "D",
    "prediction_length": HORIZON,
    "item_id": ["store", "item"],
    "target": {"name": "quantity", "type": "Integral", "minimum": 0},
    "cat": [{"name": "store", "values": list(STORES)}, {"name": "item", "values": list(ITEMS)}],
    "static_real": [{"name": "amenity_count"}],
    "dynamic_feat": [
        {"name": "unit_price", "scaling": "relative", "source": "known", "minimum": 0},
        {"name": "is_holiday", "scaling": "none", "source": "holidays"},
    ],
    "holidays": {
        "country": "GB",
        "until": "2025-12-31",
        "dates": {"2025-04-18": "Good Friday", "2025-05-09": "Fair"},
    },
    "closed_dates": [],
}
PANEL: Panel = parse_panel(json.dumps(DOCUMENT).encode(), "panel.json")


def panel_series(days: int = DAYS, seed: int = 5) -> list[Series]:
    """The panel's series, of `days` days; the first ones are the same whatever `days` is."""
    return [
        _series(store, item, np.random.default_rng([seed, store, item])).until(days)
        for store in range(len(STORES))
        for item in range(len(ITEMS))
    ]


def _series(store: int, item: int, random: np.random.Generator) -> Series:
    days = np.arange(DAYS + HORIZON)
    level, price = random.uniform(15, 60), random.uniform(3, 12)
    prices = np.round(price * np.where(random.random(len(days)) < 0.15, 0.75, 1.0), 2)
    expected = level * np.where(days % 7 >= 5, 1.5, 0.9) * price / prices
    quantities = random.poisson(expected).astype(float)
    quantities[random.random(len(days)) < 0.02] = np.nan
    holidays = {day.toordinal() for day in PANEL.holidays}
    flags = np.array([float(START.toordinal() + day in holidays) for day in days.tolist()])
    return Series(
        f"{STORES[store]}_{ITEMS[item]}",
        START,
        quantities,
        (store, item),
        (float((14, 3)[store]),),
        np.stack([prices, flags]),
    )


def write_jsonl(folder: Path, found: list[Series]) -> None:
    """The series as a channel's file; features end with the target."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for each in found:
        document = each.as_document()
        rows = each.dynamic_feat[:, : len(each.target)]
        lines.append(json.dumps(document | {"dynamic_feat": rows.tolist()}) + "\n")
    (folder / "series.jsonl").write_text("".join(lines), encoding="utf-8")


def write_training_root(root: Path, hyperparameters: dict[str, str]) -> Path:
    """Prepare `root` as SageMaker prepares /opt/ml for a training job."""
    data = root / "input/data"
    for channel, days in (("train", DAYS - HORIZON), ("validation", DAYS), ("history", DAYS)):
        write_jsonl(data / channel, panel_series(days))
    (data / "encoder").mkdir()
    (data / "encoder/panel.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    configuration = root / "input/config"
    configuration.mkdir(parents=True)
    (configuration / "hyperparameters.json").write_text(json.dumps(hyperparameters), encoding="utf-8")
    return root
