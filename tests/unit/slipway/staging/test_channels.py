import pytest
from slipway.resources.document import Document
from slipway.staging.channels import check, check_whole_names
from slipway.staging.errors import StagingError
from slipway.staging.s3_uri import S3Uri
from slipway.staging.sources import Source


@pytest.mark.parametrize(
    ("mode", "data_type"), [("File", "S3Prefix"), ("File", "ManifestFile"), ("FastFile", "S3Prefix")]
)
def test_what_is_implemented_passes(mode: str, data_type: str) -> None:
    check("train", mode, data_type, {"CompressionType": "None", "RecordWrapperType": "None"})


@pytest.mark.parametrize(
    ("mode", "data_type", "members", "complaint"),
    [
        ("File", "AugmentedManifestFile", {}, "AugmentedManifestFile needs the input mode Pipe"),
        ("Pipe", "S3Prefix", {}, "the input mode Pipe is not implemented here; use File or FastFile"),
        ("Pipe", "AugmentedManifestFile", {}, "the input mode Pipe is not implemented here"),
        ("FastFile", "ManifestFile", {}, "FastFile needs the S3DataType S3Prefix, not ManifestFile"),
        ("File", "S3Prefix", {"CompressionType": "Gzip"}, "CompressionType Gzip needs the input mode Pipe"),
        ("File", "S3Prefix", {"RecordWrapperType": "RecordIO"}, "RecordWrapperType RecordIO needs"),
    ],
)
def test_what_is_not_is_refused_by_channel_and_with_the_way_out(
    mode: str, data_type: str, members: Document, complaint: str
) -> None:
    with pytest.raises(StagingError, match=f"ClientError: Channel train: {complaint}"):
        check("train", mode, data_type, members)


@pytest.mark.parametrize(
    ("uri", "key"), [("a/b", "a/b/c"), ("a/b/", "a/b/c"), ("a/b.csv", "a/b.csv"), ("", "a/b")]
)
def test_whole_names_are_fast_files(uri: str, key: str) -> None:
    check_whole_names(S3Uri("bucket", uri), [Source("bucket", key, "")])


@pytest.mark.parametrize(("uri", "key"), [("a/b", "a/bc"), ("a/b", "a/b.csv")])
def test_names_that_are_cut_are_not(uri: str, key: str) -> None:
    with pytest.raises(StagingError, match=rf"Current S3 prefix: \[{uri}\], found S3 object: \[{key}\]"):
        check_whole_names(S3Uri("bucket", uri), [Source("bucket", key, "")])
