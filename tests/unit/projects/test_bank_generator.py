import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.project_file import load_tabular
from orchestration.tabular_project import CategoricalFeature
from projects.bank.generate import COLUMNS, rows, write_rows

Row = dict[str, str]
ROW_COUNT = 6000


@pytest.fixture(scope="module")
def generated() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows(ROW_COUNT, seed=7)]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_rows(tmp_path / name, 200, seed=3)
    write_rows(tmp_path / "c.csv", 200, seed=4)

    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() != (tmp_path / "c.csv").read_bytes()


def test_every_row_is_legal(generated: list[Row]) -> None:
    project = load_tabular("bank")

    for feature in project.features:
        values = {row[feature.name] for row in generated}
        if isinstance(feature, CategoricalFeature):
            assert values <= set(feature.categories)
        else:
            numbers = [int(value) for value in values]
            assert min(numbers) >= (feature.minimum or -math.inf)
            assert max(numbers) <= (feature.maximum or math.inf)
    assert {row["y"] for row in generated} == {"yes", "no"}


def test_answers_are_as_rare_as_in_the_real_data(generated: list[Row]) -> None:
    share = sum(row["y"] == "yes" for row in generated) / len(generated)

    assert share == pytest.approx(5289 / 45211, abs=0.02)  # UCI: 5,289 of 45,211


def test_columns_are_named_as_in_the_real_data() -> None:
    project = load_tabular("bank")

    assert set(COLUMNS) == {feature.name for feature in project.features} | {"y"}


def test_there_is_signal_that_a_plain_model_finds(generated: list[Row]) -> None:
    half = len(generated) // 2
    score = naive_bayes(generated[:half])

    assert auc([(score(row), row["y"] == "yes") for row in generated[half:]]) > 0.85


def naive_bayes(training: list[Row]) -> Callable[[Row], float]:
    """Counts by feature and answer; durations by powers of two."""
    counts: dict[tuple[tuple[str, object], str], float] = defaultdict(lambda: 1.0)
    for row in training:
        for key in keys(row):
            counts[key, row["y"]] += 1
    totals = {answer: sum(row["y"] == answer for row in training) for answer in ("yes", "no")}

    def score(row: Row) -> float:
        return sum(
            math.log(counts[key, "yes"] / totals["yes"]) - math.log(counts[key, "no"] / totals["no"])
            for key in keys(row)
        )

    return score


def keys(row: Row) -> list[tuple[str, object]]:
    names = ("job", "marital", "education", "housing", "loan", "contact", "month")
    return [(name, row[name]) for name in names] + [("duration", round(math.log2(int(row["duration"])) * 2))]


def auc(scored: list[tuple[float, bool]]) -> float:
    ranked = sorted(scored)
    positives = sum(answer for _, answer in ranked)
    rank_sum = sum(rank for rank, (_, answer) in enumerate(ranked, start=1) if answer)
    return (rank_sum - positives * (positives + 1) / 2) / (positives * (len(ranked) - positives))
