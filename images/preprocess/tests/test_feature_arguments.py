"""Arguments of `ingest` and `features`: defaults, and readable refusals."""

from pathlib import Path

import pytest
from preprocess.feature_arguments import FeaturesSettings, IngestSettings, parse_features, parse_ingest
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

ROLE = "arn:aws:iam::000000000000:role/r"
INGEST = ["--feature-group-prefix", "p", "--offline-store-uri", "s3://bucket/store/", "--role-arn", ROLE]


def test_ingest_reads_and_writes_where_a_processing_job_has_its_folders() -> None:
    assert parse_ingest(INGEST, ContainerRoot()) == IngestSettings(
        schema=Path("/opt/ml/processing/input/schema"),
        output=Path("/opt/ml/processing/output"),
        feature_group_prefix="p",
        offline_store_uri="s3://bucket/store",
        role_arn=ROLE,
    )


def test_features_needs_the_group_alone() -> None:
    assert parse_features(["--feature-group-name", "g"], ContainerRoot()) == FeaturesSettings(
        data=Path("/opt/ml/processing/input"),
        schema=Path("/opt/ml/processing/input/schema"),
        output=Path("/opt/ml/processing/output"),
        feature_group_name="g",
        query_results_uri=None,
        wait_seconds=1200,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (INGEST[:4], ["--role-arn"]),
        ([*INGEST, "--feature-group-prefix", "p_"], ["--feature-group-prefix", "p_"]),
        ([*INGEST, "--feature-group-prefix", "p" * 52], ["--feature-group-prefix", "51 characters"]),
        ([*INGEST, "--offline-store-uri", "bucket/store"], ["--offline-store-uri", "s3://bucket/prefix"]),
        ([*INGEST, "--seed", "1"], ["--seed", "--help"]),
    ],
)
def test_impossible_argument_of_ingest_is_refused_by_name(arguments: list[str], words: list[str]) -> None:
    with pytest.raises(ContractError) as refused:
        parse_ingest(arguments, ContainerRoot())

    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["--feature-group-name"]),
        (["--feature-group-name", "arn:x"], ["--feature-group-name", "arn:x"]),
        (["--feature-group-name", "g", "--wait-seconds", "-1"], ["--wait-seconds", "-1"]),
        (["--feature-group-name", "g", "--query-results-uri", "s3:/b"], ["--query-results-uri", "s3:/b"]),
    ],
)
def test_impossible_argument_of_features_is_refused_by_name(arguments: list[str], words: list[str]) -> None:
    with pytest.raises(ContractError) as refused:
        parse_features(arguments, ContainerRoot())

    assert all(word in str(refused.value) for word in words)


def test_the_longest_prefix_leaves_room_for_hyphen_and_digest() -> None:
    longest = "p" * 51

    settings = parse_ingest([*INGEST, "--feature-group-prefix", longest], ContainerRoot())

    # API reference, FeatureGroupName: 64 characters.
    assert len(f"{settings.feature_group_prefix}-{'0' * 12}") == 64
