import pytest
from slipway.staging.errors import StagingError
from slipway.staging.s3_uri import S3Uri


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        ("s3://b/data/train", "b", "data/train"),
        ("s3://b/data/train/", "b", "data/train/"),
        ("s3://b", "b", ""),
        ("s3://b/", "b", ""),
        ("s3://b//odd", "b", "/odd"),
    ],
)
def test_a_uri_is_a_bucket_and_a_key(text: str, bucket: str, key: str) -> None:
    assert S3Uri.parse(text) == S3Uri(bucket, key)


@pytest.mark.parametrize(
    "text", ["", "b/key", "s3:/b/key", "https://b.s3.amazonaws.com/key", "s3://", "s3:///key"]
)
def test_what_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(StagingError, match="is no S3 URI; write s3://bucket/key"):
        S3Uri.parse(text)


@pytest.mark.parametrize(
    ("beginning", "key", "path"),
    [
        ("data/train", "data/train/a/b.csv", "a/b.csv"),
        ("data/train/", "data/train/a/b.csv", "a/b.csv"),
        ("", "data/a.csv", "data/a.csv"),
        # An object's own key.
        ("data/a.csv", "data/a.csv", "a.csv"),
        ("a.csv", "a.csv", "a.csv"),
        # Names that are cut stay whole.
        ("data/tr", "data/train/a.csv", "train/a.csv"),
        ("data/train", "data/train-2/a.csv", "train-2/a.csv"),
        ("tr", "train.csv", "train.csv"),
    ],
)
def test_a_key_is_a_path_of_the_folder_that_its_beginning_means(beginning: str, key: str, path: str) -> None:
    assert S3Uri("b", beginning).relative(key) == path


@pytest.mark.parametrize(
    ("uri", "below"),
    [("s3://b/out", "s3://b/out/x"), ("s3://b/out/", "s3://b/out/x"), ("s3://b", "s3://b/x")],
)
def test_more_path_comes_after_one_slash(uri: str, below: str) -> None:
    assert str(S3Uri.parse(uri).below("x")) == below
