"""Arguments: defaults, and readable refusals."""

from fractions import Fraction
from pathlib import Path

import pytest
from preprocess.arguments import OnBadRows, Settings, SplitPlan, parse_arguments
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot


def test_every_argument_has_a_default() -> None:
    assert parse_arguments([], ContainerRoot()) == Settings(
        data=Path("/opt/ml/processing/input/data"),
        schema=Path("/opt/ml/processing/input/schema"),
        places=Path("/opt/ml/processing/input/places"),
        output=Path("/opt/ml/processing/output"),
        split=SplitPlan(0, 0, Fraction(1, 10), Fraction(1, 5), Fraction(1, 10)),
        on_bad_rows=OnBadRows.FAIL,
        max_bad_fraction=None,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seed", "-1"], ["--seed", "-1", "4294967295"]),
        (["--seed", "4294967296"], ["--seed", "4294967295"]),
        (["--live-seed", "1.5"], ["--live-seed", "1.5"]),
        (["--live-fraction", "1"], ["--live-fraction", "below 1"]),
        (["--test-fraction", "-0.1"], ["--test-fraction", "at least 0"]),
        (["--validation-fraction", "ten"], ["--validation-fraction", "ten"]),
        (["--validation-fraction", "1/0"], ["--validation-fraction", "1/0"]),
        (["--test-fraction", "0.6", "--validation-fraction", "0.4"], ["--test-fraction 0.6", "below 1"]),
        (["--max-bad-fraction", "1.1"], ["--max-bad-fraction", "from 0 to 1"]),
        (["--max-bad-fraction", "nan"], ["--max-bad-fraction", "nan"]),
        (["--on-bad-rows", "keep"], ["--on-bad-rows", "keep", "fail", "drop"]),
        (["--sead", "1"], ["--sead", "--help"]),
        (["--see", "1"], ["--see"]),
    ],
)
def test_impossible_argument_is_refused_by_name(arguments: list[str], words: list[str]) -> None:
    with pytest.raises(ContractError) as refused:
        parse_arguments(arguments, ContainerRoot())

    assert all(word in str(refused.value) for word in words)
