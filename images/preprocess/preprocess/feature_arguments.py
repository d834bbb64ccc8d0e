"""The arguments of `ingest`, `ingest-places` and `features`."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from smcontract.root import ContainerRoot

from preprocess.arguments import ArgumentParser
from preprocess.schema import FEATURE_NAME

# API reference, FeatureGroupName: 64 characters; a digest and its hyphen end it.
DIGEST_DIGITS = 12
LONGEST_PREFIX = 64 - DIGEST_DIGITS - 1
# The offline store of AWS lags behind by up to 15 minutes (developer guide).
WAIT_SECONDS = 1200
_S3_URI = re.compile(r"s3://[^/]+(/.*)?")


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """Which group is to be filled."""

    output: Path
    feature_group_prefix: str
    offline_store_uri: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class IngestSettings(GroupSettings):
    """What `ingest` was asked to do."""

    schema: Path


@dataclass(frozen=True, slots=True)
class IngestPlacesSettings(GroupSettings):
    """What `ingest-places` was asked to do."""

    places: Path


@dataclass(frozen=True, slots=True)
class FeaturesSettings:
    """What `features` was asked to do."""

    data: Path
    schema: Path
    output: Path
    feature_group_name: str
    query_results_uri: str | None
    wait_seconds: int


def parse_ingest(arguments: list[str], root: ContainerRoot) -> IngestSettings:
    """The settings of `ingest`. Raises ContractError, naming the argument, for what is impossible."""
    return IngestSettings(**vars(ingest_parser(root).parse_args(arguments)))


def parse_ingest_places(arguments: list[str], root: ContainerRoot) -> IngestPlacesSettings:
    """The settings of `ingest-places`. Raises ContractError, naming the argument, for what is impossible."""
    return IngestPlacesSettings(**vars(ingest_places_parser(root).parse_args(arguments)))


def parse_features(arguments: list[str], root: ContainerRoot) -> FeaturesSettings:
    """The settings of `features`. Raises ContractError, naming the argument, for what is impossible."""
    return FeaturesSettings(**vars(features_parser(root).parse_args(arguments)))


def ingest_parser(root: ContainerRoot) -> ArgumentParser:
    """What knows the arguments of `ingest`."""
    parser = ArgumentParser(
        prog="preprocess ingest",
        description="The encoded columns of every combination of categories, into a feature group.",
    )
    schema = root.processing / "input" / "schema"
    parser.add_argument("--schema", type=Path, default=schema, help="folder with schema.json")
    _add_group_arguments(parser, root)
    return parser


def ingest_places_parser(root: ContainerRoot) -> ArgumentParser:
    """What knows the arguments of `ingest-places`."""
    parser = ArgumentParser(
        prog="preprocess ingest-places",
        description="How many places are around each location, into a feature group.",
    )
    places = root.processing / "input" / "places"
    parser.add_argument("--places", type=Path, default=places, help="folder with places.csv")
    _add_group_arguments(parser, root)
    return parser


def _add_group_arguments(parser: ArgumentParser, root: ContainerRoot) -> None:
    add = parser.add_argument
    add("--output", type=Path, default=root.processing / "output", help="parent of the output folder")
    add(
        "--feature-group-prefix",
        type=_prefix,
        required=True,
        help="the group's name without the hyphen and the digest that end it",
    )
    add("--offline-store-uri", type=_s3_uri, required=True, help="where in S3 the group's offline store is")
    add("--role-arn", required=True, help="the role that writes the offline store")


def features_parser(root: ContainerRoot) -> ArgumentParser:
    """What knows the arguments of `features`."""
    parser = ArgumentParser(
        prog="preprocess features",
        description="Training and validation rows, their encoded columns as the feature store has them.",
    )
    add, inputs = parser.add_argument, root.processing / "input"
    add("--data", type=Path, default=inputs, help="parent of preprocess's outputs train, validation and keys")
    add("--schema", type=Path, default=inputs / "schema", help="folder with schema.json")
    add("--output", type=Path, default=root.processing / "output", help="parent of the output folders")
    add("--feature-group-name", type=_group_name, required=True, help="the group that `ingest` filled")
    add(
        "--query-results-uri",
        type=_s3_uri,
        help="where in S3 the query leaves its answer; by default /queries below the offline store's place",
    )
    add(
        "--wait-seconds",
        type=_seconds,
        default=WAIT_SECONDS,
        help="how long to wait for the offline store to have every record",
    )
    return parser


def _group_name(text: str) -> str:
    # Its pattern is the one of a feature's name (API reference, FeatureGroupName).
    if not FEATURE_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} cannot name a feature group; use letters and digits, with _ or - between them"
        )
    return text


def _prefix(text: str) -> str:
    if len(_group_name(text)) > LONGEST_PREFIX:
        raise argparse.ArgumentTypeError(f"{text!r} is longer than {LONGEST_PREFIX} characters")
    return text


def _s3_uri(text: str) -> str:
    if not _S3_URI.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no place in S3; write s3://bucket/prefix")
    return text.rstrip("/")


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds")
    return int(text)
