import re
from dataclasses import fields
from pathlib import Path

import xgboost
from train_xgb.hyperparameters import Hyperparameters

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_table_of_hyperparameters_is_the_one_in_force() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \| ([^|]+) \|$", README, re.MULTILINE)
    documented = {name: default for name, default, _ in rows}

    assert documented == {name: shown(value) for name, value in Hyperparameters().as_document().items()}


def test_documented_limits_are_the_ones_in_force() -> None:
    rules = {
        field.metadata["name"] or field.name: field.metadata["rule"] for field in fields(Hyperparameters)
    }
    ranges = re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| (\d+) to (\d+)", README, re.MULTILINE)

    assert len(ranges) == 7
    for name, low, high in ranges:
        assert rules[name].allowed == f"a whole number from {low} to {high}"


def test_the_version_of_xgboost_is_the_installed_one() -> None:
    assert f"XGBoost {xgboost.__version__}" in README
