"""A channel's objects as files, before a training job starts."""

from pathlib import Path

from slipway.resources.document import Document
from slipway.staging.downloads import bring
from slipway.staging.errors import StagingError
from slipway.staging.files import emptied
from slipway.staging.s3 import S3
from slipway.staging.s3_uri import S3Uri
from slipway.staging.sources import Source, share, sources

MODES = ("File", "FastFile")


def stage_channel(
    s3: S3, channel: Document, target: Path, host_index: int, host_count: int, default_mode: str
) -> None:
    """Bring what one host (0 is the first) of `host_count` sees of `channel` into the folder `target`.

    FastFile is staged as File is: what differs is that its container may only read. Raises StagingError.
    """
    name = channel["ChannelName"]
    mode = channel.get("InputMode", default_mode)
    data_source = channel["DataSource"].get("S3DataSource")
    if data_source is None:
        raise _refusal(name, "a data source that is not S3 is not implemented here; use S3DataSource")
    data_type = data_source["S3DataType"]
    check(name, mode, data_type, channel)
    found = sources(s3, data_type, data_source["S3Uri"])
    if mode == "FastFile":
        check_whole_names(S3Uri.parse(data_source["S3Uri"]), found)
    distribution = data_source.get("S3DataDistributionType", "FullyReplicated")
    bring(s3, share(found, distribution, host_index, host_count), emptied(target))


def check(name: str, mode: str, data_type: str, channel: Document) -> None:
    """Raise StagingError for combinations that SageMaker or this control plane does not have."""
    if data_type == "AugmentedManifestFile" and mode != "Pipe":
        raise _refusal(name, "AugmentedManifestFile needs the input mode Pipe")
    if mode not in MODES:
        raise _refusal(name, f"the input mode {mode} is not implemented here; use File or FastFile")
    if mode == "FastFile" and data_type != "S3Prefix":
        raise _refusal(name, f"FastFile needs the S3DataType S3Prefix, not {data_type}")
    # API reference, Channel: both are for Pipe mode.
    for member in ("CompressionType", "RecordWrapperType"):
        if channel.get(member, "None") != "None":
            raise _refusal(
                name, f"{member} {channel[member]} needs the input mode Pipe; leave it out in {mode}"
            )


def check_whole_names(uri: S3Uri, found: list[Source]) -> None:
    """Raise StagingError where the URI ends within a name: FastFile refuses what File takes."""
    for source in found:
        if uri.key and uri.key[-1] != "/" and source.key != uri.key and source.key[len(uri.key)] != "/":
            raise StagingError(
                "ClientError: Data download failed:Failed to download data. For FastFile mode, partial S3 "
                "prefix is not supported. S3 prefix has to end with a full file or folder. Add a trailing "
                "'/' to the S3 prefix if it ends with a folder name that is also a prefix for other folders. "
                f"Current S3 prefix: [{uri.key}], found S3 object: [{source.key}]."
            )


def _refusal(channel_name: str, why: str) -> StagingError:
    return StagingError(f"ClientError: Channel {channel_name}: {why}.")
