import pytest
from slipway.staging.errors import StagingError
from slipway.staging.s3_uri import S3Uri
from slipway.staging.sources import Source, manifest_entries, share

URI = S3Uri("b", "m.json")


def test_a_manifest_is_a_prefix_and_names() -> None:
    assert manifest_entries(URI, b'[{"prefix": "s3://b/p/"}, "a", "c/d"]') == ["s3://b/p/", "a", "c/d"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"3",
        b'"ab"',
        b'["a", "b"]',
        b'[{"prefix": "s3://b/"}]',
        b'[{"prefix": 1}, "a"]',
        b'[{"prefix": "s3://b/"}, {"a": 1}]',
        b'[{"prefix": "s3://b/"}, ""]',
        b"\xff\xfe",
    ],
)
def test_anything_else_is_refused_with_an_example(content: bytes) -> None:
    with pytest.raises(
        StagingError, match=r"The manifest file s3://b/m.json is not valid; it must read \[\{"
    ):
        manifest_entries(URI, content)


@pytest.mark.parametrize(("objects", "hosts"), [(0, 1), (1, 3), (7, 3), (9, 3), (5, 1)])
def test_shards_are_all_objects_each_once_and_alike_in_number(objects: int, hosts: int) -> None:
    found = [Source("b", str(number), str(number)) for number in range(objects)]

    shares = [share(found, "ShardedByS3Key", host, hosts) for host in range(hosts)]

    assert sorted((s for each in shares for s in each), key=found.index) == found
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_replicas_are_all_objects() -> None:
    found = [Source("b", "k", "k"), Source("b", "l", "l")]

    assert share(found, "FullyReplicated", 1, 2) == found
