"""The arguments of the job, each with a default."""

import argparse
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

# What numpy's generator, and so scikit-learn's random_state, can take.
LARGEST_SEED = 2**32 - 1


class OnBadRows(StrEnum):
    """What bad rows do to the job."""

    FAIL = "fail"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How rows are shared out: live first, then test and validation as fractions of the rest."""

    seed: int
    live_seed: int
    live_fraction: Fraction
    test_fraction: Fraction
    validation_fraction: Fraction


@dataclass(frozen=True, slots=True)
class Settings:
    """What this run was asked to do."""

    data: Path
    schema: Path
    places: Path
    output: Path
    split: SplitPlan
    on_bad_rows: OnBadRows
    max_bad_fraction: Fraction | None


def parse_arguments(arguments: list[str], root: ContainerRoot) -> Settings:
    """The settings that `arguments` give; `--help` prints them and ends the job well.

    Raises ContractError, naming the argument, for what is unknown or impossible.
    """
    given = _parser(root).parse_args(arguments)
    plan = SplitPlan(
        seed=given.seed,
        live_seed=given.live_seed,
        live_fraction=given.live_fraction,
        test_fraction=given.test_fraction,
        validation_fraction=given.validation_fraction,
    )
    if plan.test_fraction + plan.validation_fraction >= 1:
        raise ContractError(
            f"--test-fraction {float(plan.test_fraction):g} and --validation-fraction "
            f"{float(plan.validation_fraction):g} leave no rows for training; their sum must be below 1."
        )
    return Settings(
        data=given.data,
        schema=given.schema,
        places=given.places,
        output=given.output,
        split=plan,
        on_bad_rows=OnBadRows(given.on_bad_rows),
        max_bad_fraction=given.max_bad_fraction,
    )


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose complaint becomes the job's ExitMessage instead of a usage text on stderr."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments. Raises ContractError."""
        raise ContractError(f"{message}; run the image with --help for every argument.")


def _parser(root: ContainerRoot) -> ArgumentParser:
    parser = ArgumentParser(
        prog="preprocess", description="Raw rows to training channels and a fitted encoder."
    )
    add = parser.add_argument
    inputs = root.processing / "input"
    add("--data", type=Path, default=inputs / "data", help="folder of CSV and Parquet files")
    add("--schema", type=Path, default=inputs / "schema", help="folder with schema.json")
    add("--places", type=Path, default=inputs / "places", help="folder with a map; forecasting only")
    add("--output", type=Path, default=root.processing / "output", help="parent of the output folders")
    add("--seed", type=_seed, default=0, help="chooses test and validation")
    add("--live-seed", type=_seed, default=0, help="chooses live, whatever --seed is")
    add("--live-fraction", type=_part, default="0.1", help="share of all rows")
    add("--test-fraction", type=_part, default="0.2", help="share of what live leaves")
    add("--validation-fraction", type=_part, default="0.1", help="share of what live leaves")
    add("--on-bad-rows", choices=[choice.value for choice in OnBadRows], default="fail", help="fail or drop")
    add("--max-bad-fraction", type=_share, help="with drop: fail when more of the rows are bad")
    return parser


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST_SEED):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {LARGEST_SEED}")
    return int(text)


def _part(text: str) -> Fraction:
    part = _fraction(text)
    if not 0 <= part < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be at least 0 and below 1")
    return part


def _share(text: str) -> Fraction:
    share = _fraction(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be from 0 to 1")
    return share


def _fraction(text: str) -> Fraction:
    """The number as it is written: 0.1 is a tenth, not the binary number nearest to it."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number such as 0.1") from None
