"""What tests of staging write down, and what they find."""

from pathlib import Path
from typing import Any

from slipway.resources.resource import Owner
from slipway.staging.channels import stage_channel
from slipway.staging.s3 import S3

MEGABYTE = 1024**2
OWNER = Owner("000000000000", "us-east-1")
ROLE = "arn:aws:iam::000000000000:role/sagemaker"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def keys(aws: Any, bucket: str, prefix: str = "") -> list[str]:
    """The keys of a bucket."""
    return [each["Key"] for each in aws.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]


def stored(aws: Any, bucket: str, prefix: str = "") -> dict[str, bytes]:
    """Every object of a bucket."""
    found = keys(aws, bucket, prefix)
    return {key: aws.get_object(Bucket=bucket, Key=key)["Body"].read() for key in found}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Make files in a folder, and return the folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def channel(
    uri: str, data_type: str = "S3Prefix", distribution: str = "FullyReplicated", **members: str
) -> Any:
    """A channel over S3."""
    source = {"S3Uri": uri, "S3DataType": data_type, "S3DataDistributionType": distribution}
    return {"ChannelName": "train", "DataSource": {"S3DataSource": source}, **members}


def staged(
    s3: S3, document: Any, target: Path, host: int = 0, hosts: int = 1, mode: str = "File"
) -> dict[str, bytes]:
    """What one host gets of a channel."""
    stage_channel(s3, document, target, host, hosts, mode)
    return tree(target)


def an_output(bucket: str, **members: Any) -> Any:
    """A processing output below `out/` of a bucket."""
    s3_output = {
        "S3Uri": f"s3://{bucket}/out",
        "LocalPath": "/opt/ml/processing/out",
        "S3UploadMode": "EndOfJob",
    }
    return {"OutputName": "out", "S3Output": s3_output, **members}
