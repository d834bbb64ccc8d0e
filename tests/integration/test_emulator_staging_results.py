"""What is stored in LocalStack's S3 of what jobs leave: artefacts, outputs, checkpoints."""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slipway.staging import model_artifacts, processing_outputs
from slipway.staging.checkpoints import CheckpointMirror, restore
from slipway.staging.errors import StagingError
from slipway.staging.processing_outputs import ContinuousUpload
from slipway.staging.s3 import S3

from tests.support.containers import wait_until
from tests.support.localstack import LocalStack
from tests.support.staging import MEGABYTE, an_output, keys, stored, tree, write

FAST = 0.05


def members(archive: bytes) -> dict[str, bytes | str | None]:
    """What is in a tar.gz: contents of files, targets of links, None for folders."""
    found: dict[str, bytes | str | None] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        for each in opened.getmembers():
            file = opened.extractfile(each) if each.isfile() else None
            found[each.name] = file.read() if file else (each.linkname or None)
    return found


def test_the_hosts_models_are_one_archive_with_the_contents_at_its_root(
    s3: S3, aws: Any, bucket: str, tmp_path: Path
) -> None:
    first = write(tmp_path / "1", {"model.bin": b"first", "shared/a": b"1"})
    second = write(tmp_path / "2", {"model.bin": b"second", "shared/b": b"2"})
    (first / "link").symlink_to("shared/a")
    (first / "empty").mkdir()

    uri = model_artifacts.upload_model(s3, [first, second], f"s3://{bucket}/out/", "job-1", "GZIP")

    # CreateTrainingJob, OutputDataConfig: <S3OutputPath>/<TrainingJobName>/output/model.tar.gz.
    assert uri == f"s3://{bucket}/out/job-1/output/model.tar.gz"
    (content,) = stored(aws, bucket).values()
    assert members(content) == {
        "empty": None,
        "link": "shared/a",
        "model.bin": b"second",
        "shared": None,
        "shared/a": b"1",
        "shared/b": b"2",
    }


def test_without_compression_the_files_are_objects(s3: S3, aws: Any, bucket: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "model", {"model.bin": b"1", "sub/tokens": b"2"})

    uri = model_artifacts.upload_model(s3, [folder], f"s3://{bucket}/out", "job-1", "NONE")

    assert uri == f"s3://{bucket}/out/job-1/output/model/"
    assert stored(aws, bucket) == {
        "out/job-1/output/model/model.bin": b"1",
        "out/job-1/output/model/sub/tokens": b"2",
    }


def test_other_output_is_an_archive_beside_the_model_and_no_output_is_none(
    s3: S3, aws: Any, bucket: str, tmp_path: Path
) -> None:
    folder = write(tmp_path / "data", {"curves.json": b"{}"})
    (tmp_path / "nothing").mkdir()

    uri = model_artifacts.upload_output(s3, [folder], f"s3://{bucket}/out", "job-1", "GZIP")
    nothing = model_artifacts.upload_output(s3, [tmp_path / "nothing"], f"s3://{bucket}/out", "job-2", "GZIP")

    assert (uri, nothing) == (f"s3://{bucket}/out/job-1/output/output.tar.gz", None)
    assert list(stored(aws, bucket)) == ["out/job-1/output/output.tar.gz"]


def test_no_file_of_the_control_plane_is_stored_through_a_link(
    s3: S3, aws: Any, bucket: str, tmp_path: Path
) -> None:
    write(tmp_path / "secrets", {"slipway.db": b"secret"})
    folder = write(tmp_path / "out", {"fine": b"1"})
    (folder / "file").symlink_to(tmp_path / "secrets" / "slipway.db")
    (folder / "folder").symlink_to(tmp_path / "secrets")
    os.mkfifo(folder / "pipe")

    processing_outputs.upload_output(s3, an_output(bucket), [folder])
    model_artifacts.upload_model(s3, [folder], f"s3://{bucket}/plain", "job", "NONE")
    model_artifacts.upload_model(s3, [folder], f"s3://{bucket}/packed", "job", "GZIP")

    objects = stored(aws, bucket)
    packed = objects.pop("packed/job/output/model.tar.gz")
    assert objects == {"out/fine": b"1", "plain/job/output/model/fine": b"1"}
    assert members(packed)["fine"] == b"1"
    assert b"secret" not in members(packed).values()


# What kill -9 does between the last part of an upload and its completion.
KILLED = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import boto3
from slipway.staging.model_artifacts import upload_model
from slipway.staging.s3 import S3

endpoint_url, folder, output_uri = sys.argv[1:]
keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
client = boto3.client("s3", endpoint_url=endpoint_url, region_name="us-east-1", **keys)
client.meta.events.register("before-call.s3.CompleteMultipartUpload", lambda **_: os._exit(137))
upload_model(S3(client, ThreadPoolExecutor(1)), [Path(folder)], output_uri, "killed", "GZIP")
"""


def test_an_upload_that_was_killed_leaves_nothing_and_gives_the_same_object_the_next_time(
    s3: S3, aws: Any, localstack: LocalStack, bucket: str, tmp_path: Path
) -> None:
    # More than one part, and nothing to compress.
    content = os.urandom(20 * MEGABYTE)
    folder = write(tmp_path / "model", {"model.bin": content})
    output_uri = f"s3://{bucket}/out"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, localstack.endpoint_url, str(folder), output_uri],
        check=False,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
    )
    assert killed.returncode == 137
    assert stored(aws, bucket) == {}
    assert len(aws.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1

    model_artifacts.upload_model(s3, [folder], output_uri, "killed", "GZIP")
    model_artifacts.upload_model(s3, [folder], output_uri, "undisturbed", "GZIP")

    objects = stored(aws, bucket)
    packed = objects["out/killed/output/model.tar.gz"]
    assert packed == objects["out/undisturbed/output/model.tar.gz"]
    assert members(packed) == {"model.bin": content}
    # MTIME in the header (RFC 1952): otherwise it would be another object a second later.
    assert packed[4:8] == bytes(4)
    assert "Uploads" not in aws.list_multipart_uploads(Bucket=bucket)


class BrokenAtItsEnd(io.BytesIO):
    """A file whose last block cannot be read."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(size) or self._fail()

    def _fail(self) -> bytes:
        raise OSError("the disk is broken")


def test_an_upload_that_fails_half_way_leaves_the_object_as_it_was(s3: S3, aws: Any, bucket: str) -> None:
    aws.put_object(Bucket=bucket, Key="large", Body=b"before")

    with pytest.raises(OSError, match="the disk is broken"):
        s3.upload(BrokenAtItsEnd(bytes(20 * MEGABYTE)), bucket, "large")

    assert stored(aws, bucket) == {"large": b"before"}
    assert "Uploads" not in aws.list_multipart_uploads(Bucket=bucket)


def test_a_bucket_that_is_gone_fails_the_upload_in_aws_words(s3: S3, tmp_path: Path) -> None:
    folder = write(tmp_path / "model", {"model.bin": b"1"})

    with pytest.raises(StagingError) as failed:
        model_artifacts.upload_model(s3, [folder], "s3://no-such-bucket-anywhere/out", "job", "GZIP")

    # The form of aws/amazon-sagemaker-examples#3881.
    assert str(failed.value).startswith(
        "ClientError: Artifact upload failed:Unable to upload file to "
        "s3://no-such-bucket-anywhere/out/job/output/model.tar.gz (NoSuchBucket: "
    )


def test_outputs_of_all_hosts_are_stored_with_their_folders(
    s3: S3, aws: Any, bucket: str, tmp_path: Path
) -> None:
    first = write(tmp_path / "1", {"part-1.csv": b"1", "sub/x": b"x"})
    second = write(tmp_path / "2", {"part-2.csv": b"2"})

    processing_outputs.upload_output(s3, an_output(bucket), [first, second])

    assert stored(aws, bucket) == {"out/part-1.csv": b"1", "out/sub/x": b"x", "out/part-2.csv": b"2"}


def test_an_output_that_the_application_manages_is_left_to_it(
    s3: S3, aws: Any, bucket: str, tmp_path: Path
) -> None:
    folder = write(tmp_path / "1", {"part-1.csv": b"1"})

    processing_outputs.upload_output(s3, an_output(bucket, AppManaged=True), [folder])

    assert stored(aws, bucket) == {}


def test_continuous_output_is_stored_while_the_job_runs_and_again_when_it_changes(
    s3: S3, aws: Any, bucket: str, tmp_path: Path
) -> None:
    def holds(content: bytes) -> Callable[[], bool | None]:
        return lambda: True if stored(aws, bucket) == {"out/report.json": content} else None

    with ContinuousUpload(s3, an_output(bucket), [tmp_path], stable_seconds=FAST):
        write(tmp_path, {"report.json": b"first"})
        wait_until(holds(b"first"), "the first report")
        write(tmp_path, {"report.json": b"second"})
        wait_until(holds(b"second"), "the second report")


def test_a_file_that_is_still_being_written_waits(s3: S3, aws: Any, bucket: str, tmp_path: Path) -> None:
    upload = ContinuousUpload(s3, an_output(bucket), [tmp_path])

    for content in (b"1", b"12", b"123"):
        write(tmp_path, {"growing": content})
        upload.look()
        assert stored(aws, bucket) == {}
    upload.look()

    assert stored(aws, bucket) == {"out/growing": b"123"}


def test_checkpoints_come_back_with_their_folders_and_none_is_no_error(
    s3: S3, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    put({"ckpt/epoch-1/weights": b"1", "ckpt/state": b"2", "ckpt-other/x": b"3"})

    restore(s3, f"s3://{bucket}/ckpt", tmp_path / "there")
    restore(s3, f"s3://{bucket}/none", tmp_path / "none")

    assert tree(tmp_path / "there") == {"epoch-1/weights": b"1", "state": b"2"}
    assert tree(tmp_path / "none") == {}


def test_checkpoints_are_mirrored_while_the_job_runs_deletions_included(
    s3: S3, aws: Any, bucket: str, put: Callable[..., None], tmp_path: Path
) -> None:
    # DG:model-checkpoints: what is deleted locally is deleted in S3; what others add there stays there.
    put({"ckpt/epoch-1": b"1", "ckpt-other/x": b"x"})
    restore(s3, f"s3://{bucket}/ckpt", tmp_path)
    put({"ckpt/by-somebody-else": b"s"})

    def has(*names: str) -> Callable[[], bool | None]:
        return lambda: True if set(keys(aws, bucket, "ckpt/")) == {f"ckpt/{name}" for name in names} else None

    with CheckpointMirror(s3, tmp_path, f"s3://{bucket}/ckpt", look_seconds=FAST):
        write(tmp_path, {"epoch-2": b"2"})
        wait_until(has("epoch-1", "epoch-2", "by-somebody-else"), "the second checkpoint")
        (tmp_path / "epoch-1").unlink()
        wait_until(has("epoch-2", "by-somebody-else"), "the first one to go")
        write(tmp_path, {"epoch-3": b"3"})

    assert stored(aws, bucket) == {
        "ckpt/by-somebody-else": b"s",
        "ckpt/epoch-2": b"2",
        "ckpt/epoch-3": b"3",
        "ckpt-other/x": b"x",
    }
