import importlib.metadata
import re
from dataclasses import fields
from pathlib import Path

import torch
from train_deepar.hyperparameters import Hyperparameters

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
# The table's section: other tables of variables and statuses look alike.
TRAINING = README.partition("## Training")[2].partition("## Serving")[0]


def shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_table_of_hyperparameters_is_the_one_in_force() -> None:
    documented = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|`]+) \| [^|]+ \|$", TRAINING, re.MULTILINE))

    assert documented == {name: shown(value) for name, value in Hyperparameters().as_document().items()}


def test_documented_limits_are_the_ones_in_force() -> None:
    rules = {field.name: field.metadata["rule"].allowed for field in fields(Hyperparameters)}
    limits = re.findall(r"^\| `([a-z_]+)` \| [^|`]+ \| (\d+ to \d+|one of [a-z, -]+)", TRAINING, re.MULTILINE)

    assert len(limits) == 15
    for name, limit in limits:
        assert rules[name].endswith(limit.strip()), name


def test_the_versions_are_the_installed_ones() -> None:
    assert f"GluonTS {importlib.metadata.version('gluonts')}" in README
    assert f"PyTorch {torch.__version__.partition('+')[0]}" in README
