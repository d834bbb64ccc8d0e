"""What jobs and endpoints get of LocalStack's S3: channels, inputs, model data."""

import io
import json
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from slipway.staging import model_artifacts, model_data
from slipway.staging.errors import StagingError
from slipway.staging.processing_inputs import stage_input
from slipway.staging.s3 import S3

from tests.support.staging import ROLE, channel, staged, tree, write


@pytest.mark.parametrize("prefix", ["data/train", "data/train/"])
def test_a_prefix_brings_what_lies_below_it_with_its_folders(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path, prefix: str
) -> None:
    put({"data/train/a.csv": b"1", "data/train/sub/b.csv": b"2", "data/train/": b"", "data/other.csv": b"3"})

    assert staged(s3, channel(f"s3://{bucket}/{prefix}"), tmp_path / "train") == {
        "a.csv": b"1",
        "sub/b.csv": b"2",
    }


def test_a_prefix_is_the_beginning_of_a_key_and_no_folder(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    # API reference, S3DataSource: all objects whose key begins with the prefix.
    put({"data/train/a.csv": b"1", "data/train-2/b.csv": b"2"})

    found = staged(s3, channel(f"s3://{bucket}/data/train"), tmp_path / "train")

    assert found == {"a.csv": b"1", "train-2/b.csv": b"2"}


def test_a_single_object_keeps_its_name(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"data/rows.csv": b"1"})

    assert staged(s3, channel(f"s3://{bucket}/data/rows.csv"), tmp_path / "train") == {"rows.csv": b"1"}


def test_a_whole_bucket_is_a_prefix_too(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"a.csv": b"1", "sub/b.csv": b"2"})

    assert staged(s3, channel(f"s3://{bucket}"), tmp_path / "train") == {"a.csv": b"1", "sub/b.csv": b"2"}


def test_a_manifest_brings_what_it_names(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    manifest = [{"prefix": f"s3://{bucket}/data/"}, "a.csv", "sub/b.csv"]
    put(
        {
            "data/a.csv": b"1",
            "data/sub/b.csv": b"2",
            "data/c.csv": b"3",
            "m.json": json.dumps(manifest).encode(),
        }
    )

    document = channel(f"s3://{bucket}/m.json", "ManifestFile")

    assert staged(s3, document, tmp_path / "train") == {"a.csv": b"1", "sub/b.csv": b"2"}


def test_more_objects_than_one_listing_holds_are_dealt_out_to_hosts_each_to_one(
    s3: S3, aws: Any, bucket: str, tmp_path: Path
) -> None:
    # ListObjectsV2 answers 1,000 keys a page.
    keys = [f"data/{number:04}" for number in range(1002)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: aws.put_object(Bucket=bucket, Key=key, Body=key.encode()), keys))
    document = channel(f"s3://{bucket}/data/", distribution="ShardedByS3Key")

    hosts = [staged(s3, document, tmp_path / str(host), host, 3) for host in range(3)]

    assert [len(files) for files in hosts] == [334, 334, 334]
    assert sorted(name for files in hosts for name in files) == [key.removeprefix("data/") for key in keys]


def test_a_host_for_which_nothing_is_left_gets_an_empty_folder(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"data/a.csv": b"1"})

    found = staged(s3, channel(f"s3://{bucket}/data/", distribution="ShardedByS3Key"), tmp_path / "b", 1, 2)

    assert found == {}
    assert (tmp_path / "b").is_dir()


def test_what_an_earlier_try_left_is_gone(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"data/a.csv": b"new"})
    target = write(tmp_path / "train", {"a.csv": b"half of", "b/c.csv": b"old"})

    assert staged(s3, channel(f"s3://{bucket}/data/"), target) == {"a.csv": b"new"}


def test_nothing_under_a_prefix_fails_in_aws_words(s3: S3, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(StagingError) as failed:
        staged(s3, channel(f"s3://{bucket}/nothing/"), tmp_path / "train")

    # As CreateTrainingJob says it in aws/amazon-sagemaker-examples#2267.
    assert str(failed.value) == (
        f'ClientError: No S3 objects found under S3 URL "s3://{bucket}/nothing/" given in input data source. '
        "Please ensure that the bucket exists in the selected region (us-east-1), that objects exist under "
        f'that S3 prefix, and that the role "{ROLE}" has "s3:ListBucket" permissions on bucket "{bucket}".'
    )


def test_a_bucket_that_is_not_there_is_told_in_s3s_words_too(s3: S3, tmp_path: Path) -> None:
    with pytest.raises(StagingError, match=r"Error message from S3: The specified bucket does not exist"):
        staged(s3, channel("s3://no-such-bucket-anywhere/x"), tmp_path / "train")


def test_an_object_that_a_manifest_names_and_is_not_there_fails_by_name(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"m.json": json.dumps([{"prefix": f"s3://{bucket}/data/"}, "gone.csv"]).encode()})

    with pytest.raises(
        StagingError, match=rf"Unable to download object s3://{bucket}/data/gone.csv \(NoSuchKey"
    ):
        staged(s3, channel(f"s3://{bucket}/m.json", "ManifestFile"), tmp_path / "train")


def test_fast_file_refuses_a_prefix_that_cuts_a_name(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"data/train/a.csv": b"1", "data/train-2/b.csv": b"2"})

    with pytest.raises(StagingError) as failed:
        staged(s3, channel(f"s3://{bucket}/data/train", InputMode="FastFile"), tmp_path / "train")

    # A job's FailureReason, quoted in a public repository.
    assert "For FastFile mode, partial S3 prefix is not supported." in str(failed.value)
    assert str(failed.value).endswith(
        "Current S3 prefix: [data/train], found S3 object: [data/train-2/b.csv]."
    )


def test_keys_that_would_leave_the_folder_are_refused(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"m.json": json.dumps([{"prefix": f"s3://{bucket}/data/"}, "../escaped.csv"]).encode()})

    with pytest.raises(StagingError, match="would lie outside of its folder"):
        staged(s3, channel(f"s3://{bucket}/m.json", "ManifestFile"), tmp_path / "deep" / "train")

    assert tree(tmp_path) == {}


def test_a_key_that_is_a_file_and_a_folder_is_refused(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"data/a": b"1", "data/a/b": b"2"})

    with pytest.raises(StagingError, match="no object that is both a folder as well as a file"):
        staged(s3, channel(f"s3://{bucket}/data/"), tmp_path / "train")


def test_an_input_is_staged_as_a_channel_is(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"raw/a.csv": b"1", "raw/sub/b.csv": b"2"})
    s3_input = {"S3Uri": f"s3://{bucket}/raw", "S3DataType": "S3Prefix", "LocalPath": "/opt/ml/processing/in"}

    stage_input(s3, {"InputName": "raw", "S3Input": s3_input}, tmp_path / "whole", 0, 1)
    stage_input(
        s3,
        {"InputName": "raw", "S3Input": {**s3_input, "S3DataDistributionType": "ShardedByS3Key"}},
        tmp_path / "second",
        1,
        2,
    )

    assert tree(tmp_path / "whole") == {"a.csv": b"1", "sub/b.csv": b"2"}
    assert tree(tmp_path / "second") == {"sub/b.csv": b"2"}


def test_an_input_within_another_one_stays_whichever_comes_first(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"raw/a.csv": b"1", "schema/schema.json": b"2"})

    for name, target in (("schema", tmp_path / "in" / "schema"), ("raw", tmp_path / "in")):
        s3_input = {"S3Uri": f"s3://{bucket}/{name}/", "S3DataType": "S3Prefix"}
        stage_input(s3, {"InputName": name, "S3Input": s3_input}, target, 0, 1)

    assert tree(tmp_path / "in") == {"a.csv": b"1", "schema/schema.json": b"2"}


def test_an_object_in_the_place_of_another_inputs_folder_is_refused(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"raw/schema": b"1"})
    (tmp_path / "schema").mkdir()
    s3_input = {"S3Uri": f"s3://{bucket}/raw/", "S3DataType": "S3Prefix"}

    with pytest.raises(StagingError, match=r"Data download failed:s3://\S+/raw/schema: Is a directory"):
        stage_input(s3, {"InputName": "raw", "S3Input": s3_input}, tmp_path, 0, 1)


def test_an_input_that_the_application_manages_is_left_to_it(s3: S3, tmp_path: Path) -> None:
    s3_input = {"S3Uri": "s3://no-such-bucket/x", "S3DataType": "S3Prefix"}

    stage_input(s3, {"InputName": "raw", "AppManaged": True, "S3Input": s3_input}, tmp_path / "raw", 0, 1)

    assert not (tmp_path / "raw").exists()


def archive_of(*names: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"1"))
    return packed.getvalue()


def test_a_training_jobs_archive_serves_as_it_was_trained(s3: S3, bucket: str, tmp_path: Path) -> None:
    files = {"model.bin": b"1", "code/inference.py": b"2"}
    uri = model_artifacts.upload_model(
        s3, [write(tmp_path / "m", files)], f"s3://{bucket}/out", "job", "GZIP"
    )

    model_data.fetch(s3, {"ModelDataUrl": uri}, tmp_path / "serve")

    assert tree(tmp_path / "serve") == files
    assert {path.name for path in tmp_path.iterdir()} == {"m", "serve"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (("S3Prefix", "None", "model/"), {"a": b"1", "sub/b": b"2"}),
        (("S3Object", "None", "model/a"), {"a": b"1"}),
        (("S3Object", "Gzip", "model.tar.gz"), {"packed": b"1"}),
    ],
)
def test_model_data_sources(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path, source: tuple[str, ...], expected: Any
) -> None:
    put(
        {"model/a": b"1", "model/a2": b"x"}
        if source[0] == "S3Object"
        else {"model/a": b"1", "model/sub/b": b"2"}
    )
    put({"model.tar.gz": archive_of("packed")})
    data_type, compression, key = source
    data_source = {"S3Uri": f"s3://{bucket}/{key}", "S3DataType": data_type, "CompressionType": compression}

    model_data.fetch(s3, {"ModelDataSource": {"S3DataSource": data_source}}, tmp_path / "model")

    assert tree(tmp_path / "model") == expected


def test_a_model_without_data_gets_an_empty_folder(s3: S3, tmp_path: Path) -> None:
    model_data.fetch(s3, {"Image": "x"}, write(tmp_path / "model", {"old": b"1"}))

    assert list((tmp_path / "model").iterdir()) == []


def test_a_member_that_would_leave_the_folder_is_refused(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"model.tar.gz": archive_of("../escaped")})

    with pytest.raises(
        StagingError, match=r"Failed to extract model data archive .* outside the destination"
    ):
        model_data.fetch(s3, {"ModelDataUrl": f"s3://{bucket}/model.tar.gz"}, tmp_path / "model")

    assert tree(tmp_path) == {}


def test_what_is_no_archive_fails_in_aws_words(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"model.tar.gz": b"PK", "cut.tar.gz": archive_of("a")[:-20]})

    for key in ("model.tar.gz", "cut.tar.gz"):
        with pytest.raises(StagingError) as failed:
            model_data.fetch(s3, {"ModelDataUrl": f"s3://{bucket}/{key}"}, tmp_path / "model")
        # An endpoint's FailureReason, quoted in public repositories.
        assert (
            f'Failed to extract model data archive from URL "s3://{bucket}/{key}". Please ensure that the '
            "object located at the URL is a valid tar.gz archive." in str(failed.value)
        )


def test_model_data_that_is_not_there_fails_in_aws_words(s3: S3, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(StagingError, match=rf"Could not find model data at s3://{bucket}/model.tar.gz\."):
        model_data.fetch(s3, {"ModelDataUrl": f"s3://{bucket}/model.tar.gz"}, tmp_path / "model")
