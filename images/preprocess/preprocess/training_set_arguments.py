"""The arguments of `training-set`."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from smcontract.root import ContainerRoot

from preprocess.arguments import ArgumentParser

MINIMUM_ROWS = 50


@dataclass(frozen=True, slots=True)
class TrainingSetSettings:
    """What `training-set` was asked to do."""

    base: Path
    merged: Path
    encoder: Path
    schema: Path
    output: Path
    minimum_rows: int


def parse_training_set(arguments: list[str], root: ContainerRoot) -> TrainingSetSettings:
    """The settings of `training-set`. Raises ContractError, naming the argument, for what is impossible."""
    return TrainingSetSettings(**vars(training_set_parser(root).parse_args(arguments)))


def training_set_parser(root: ContainerRoot) -> ArgumentParser:
    """What knows the arguments of `training-set`."""
    parser = ArgumentParser(
        prog="preprocess training-set",
        description="Rows that a model was trained on, and after them captured rows with what came true.",
    )
    add, inputs = parser.add_argument, root.processing / "input"
    add("--base", type=Path, default=inputs / "base", help="folder of CSV and Parquet files: the first rows")
    add("--merged", type=Path, default=inputs / "merged", help="folder with the output of a merge job")
    add(
        "--encoder",
        type=Path,
        default=inputs / "encoder",
        help="folder with every encoder.json that was used",
    )
    add("--schema", type=Path, default=inputs / "schema", help="folder with schema.json")
    add("--output", type=Path, default=root.processing / "output", help="parent of the output folders")
    add(
        "--minimum-rows",
        type=_count,
        default=MINIMUM_ROWS,
        help="how many captured rows are needed; with fewer the job fails",
    )
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
