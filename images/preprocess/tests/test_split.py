"""The split: sizes, strata, and what each seed decides."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from preprocess.arguments import SplitPlan
from preprocess.split import Labels, split
from sklearn.model_selection import train_test_split
from smcontract.failure import ContractError

PLAN = SplitPlan(0, 0, Fraction("0.1"), Fraction("0.2"), Fraction("0.1"))


def labels(rows: int, positive: int) -> Labels:
    made = np.zeros(rows, dtype=np.int8)
    made[np.linspace(0, rows - 1, positive, dtype=int)] = 1
    return made


def test_parts_cover_every_row_once_in_the_input_order() -> None:
    parts = split(labels(1000, 117), PLAN).named().values()

    assert sorted(place for part in parts for place in part.tolist()) == list(range(1000))
    assert all((np.diff(part) > 0).all() for part in parts)


def test_sizes_are_rounded_up_and_of_the_rest() -> None:
    parts = split(labels(45_211, 5_289), PLAN)

    # 40,689 rows remain for the study whose shares these are.
    assert len(parts.live) == 4_522
    assert (len(parts.test), len(parts.validation), len(parts.train)) == (8_138, 4_069, 28_482)


def test_every_part_has_its_share_of_positive_rows() -> None:
    truth = labels(1000, 100)

    for part in split(truth, PLAN).named().values():
        assert truth[part].sum() == pytest.approx(len(part) / 10, abs=1)


def test_parts_are_those_of_plain_calls_of_scikit_learn() -> None:
    truth = labels(1000, 117)
    plan = replace(PLAN, seed=3, live_seed=5)

    rows = np.arange(1000)
    rest, live = train_test_split(rows, test_size=100, random_state=5, stratify=truth)
    rest, test = train_test_split(rest, test_size=180, random_state=3, stratify=truth[rest])
    train, validation = train_test_split(rest, test_size=90, random_state=3, stratify=truth[rest])

    expected = {"train": train, "validation": validation, "test": test, "live": live}
    for name, part in split(truth, plan).named().items():
        assert part.tolist() == sorted(expected[name].tolist())


def test_live_hangs_on_the_live_seed_alone() -> None:
    truth = labels(500, 100)
    first = split(truth, PLAN)
    other_seed = split(truth, replace(PLAN, seed=1, test_fraction=Fraction("0.3")))
    other_live_seed = split(truth, replace(PLAN, live_seed=1))

    assert first.live.tolist() == other_seed.live.tolist()
    assert first.test.tolist() != other_seed.test.tolist()
    assert first.live.tolist() != other_live_seed.live.tolist()


def test_same_seeds_give_the_same_parts() -> None:
    truth = labels(500, 100)
    first, second = split(truth, PLAN).named(), split(truth, PLAN).named()

    assert {n: p.tolist() for n, p in first.items()} == {n: p.tolist() for n, p in second.items()}


def test_fraction_zero_means_no_such_part() -> None:
    plan = replace(PLAN, live_fraction=Fraction(0), validation_fraction=Fraction(0))

    parts = split(labels(100, 30), plan)

    assert (len(parts.live), len(parts.validation), len(parts.test), len(parts.train)) == (0, 0, 20, 80)


@pytest.mark.parametrize(("rows", "positive"), [(3, 1), (100, 1), (100, 3), (100, 99), (8, 4)])
def test_too_few_rows_of_a_class_are_refused_with_their_number(rows: int, positive: int) -> None:
    with pytest.raises(ContractError, match=f"{rows} rows, {positive} of them positive, are too few"):
        split(labels(rows, positive), PLAN)
