"""Other programs' forecasts of the same days: seasonal naive, AutoETS, and LightGBM on lags and prices.

They read what `preprocess` left, so split, series and prices are the image's own.
Neither statsforecast nor mlforecast takes a day without a value, so for them such
a day is as the one a week before; no missing day is scored.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.jobs import JobError
from benchmarks.peer_environment import peer_python
from scripts.commands import capture

REQUIREMENTS = ("mlforecast==1.1.0", "statsforecast==2.1.1", "lightgbm==4.7.0", "pandas<3")
TIMEOUT_SECONDS = 1800

_READ = """
import json, sys, warnings
import numpy as np, pandas as pd
warnings.filterwarnings("ignore")
path, days = sys.argv[1], int(sys.argv[2])
LEVELS = [level / 10 for level in range(1, 10)]
frames = []
for line in open(path):
    one = json.loads(line)
    values = pd.Series(one["target"], dtype=float)
    values = values.fillna(values.shift(7)).ffill().bfill()
    frame = pd.DataFrame({"unique_id": one["item_id"], "y": values})
    frame["ds"] = pd.date_range(one["start"], periods=len(values))
    for at, known in enumerate(one["dynamic_feat"]):
        known = np.asarray(known, dtype=float)
        usual = np.median(known[:-days])
        frame[f"known{at}"] = np.log(known / usual) if usual > 0 else known
    for at, code in enumerate(one["cat"]):
        frame[f"cat{at}"] = code
    frames.append(frame.assign(ahead=np.arange(len(frame)) >= len(frame) - days))
rows = pd.concat(frames, ignore_index=True)
past, ahead = rows[~rows.ahead].drop(columns="ahead"), rows[rows.ahead].drop(columns=["ahead", "y"])

def tell(forecast, columns):
    forecast = forecast.sort_values(["unique_id", "ds"])
    print("found", json.dumps({
        "ids": forecast.unique_id.unique().tolist(),
        "quantiles": [forecast[name].to_numpy().reshape(-1, days).tolist() for name in columns],
    }))
"""
_STATISTICAL = """
from statsforecast import StatsForecast
from statsforecast.models import {model} as Model

found = StatsForecast(models=[Model(season_length=7, alias="m")], freq="D", n_jobs=2).forecast(
    df=past[["unique_id", "ds", "y"]], h=days, level=[80, 60, 40, 20])
names = [f"m-lo-{{level}}" for level in (80, 60, 40, 20)]
names += ["m"] + [f"m-hi-{{level}}" for level in (20, 40, 60, 80)]
tell(found, names)
"""
# Lags of a week and more lose least of those tried (1 to 28: 0.232 instead of 0.221), for what is forecast
# is fed back. A second thread waits for the first on so few rows.
_LIGHTGBM = """
from lightgbm import LGBMRegressor
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean

statics = [name for name in rows if name.startswith("cat")]
for frame in (past, ahead):
    for name in statics:
        frame[name] = frame[name].astype("category")
models = {f"q{level}": LGBMRegressor(objective="quantile", alpha=level, n_estimators=300, learning_rate=0.05,
                                     verbose=-1, n_jobs=1) for level in LEVELS}
forecaster = MLForecast(models=models, freq="D", lags=[7, 14, 21, 28],
                        lag_transforms={7: [RollingMean(7), RollingMean(28)]},
                        date_features=["dayofweek", "dayofyear"])
forecaster.fit(past, static_features=statics)
known = [name for name in rows if name.startswith("known")]
tell(forecaster.predict(days, X_df=ahead[["unique_id", "ds", *known]]), list(models))
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that prints nine quantiles of each series and day."""

    name: str
    program: str

    def forecast(self, series: Path, days: int) -> tuple[dict[str, list[list[float]]], float]:
        """Nine rows of `days` values for each key of a series, and the process's seconds. Raises JobError."""
        command = [str(python()), "-c", self.program, str(series), str(days)]
        started = perf_counter()
        answer = capture(command, TIMEOUT_SECONDS)
        seconds = perf_counter() - started
        told = [line.partition("found ")[2] for line in answer.stdout.splitlines() if line[:6] == "found "]
        if answer.returncode != 0 or not told:
            raise JobError(f"{self.name}: {answer.stderr[-1500:]}")
        found: dict[str, Any] = json.loads(told[-1])
        by_key = {
            # Quantiles of models that know nothing of each other may cross.
            key: [list(row) for row in zip(*(sorted(day) for day in zip(*levels, strict=True)), strict=True)]
            for key, levels in zip(found["ids"], zip(*found["quantiles"], strict=True), strict=True)
        }
        return by_key, seconds


PEERS = (
    Peer("SeasonalNaive(7), statsforecast", _READ + _STATISTICAL.format(model="SeasonalNaive")),
    Peer("AutoETS(7), statsforecast", _READ + _STATISTICAL.format(model="AutoETS")),
    Peer("LightGBM on lags and known values, mlforecast", _READ + _LIGHTGBM),
)


def python() -> Path:
    """The peers' interpreter. Raises SetupError where they cannot be installed."""
    return peer_python("mlforecast, statsforecast, lightgbm", REQUIREMENTS)
