"""A processing job's input as files, before it starts."""

from pathlib import Path

from slipway.resources.document import Document
from slipway.staging.downloads import bring
from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3
from slipway.staging.sources import share, sources


def stage_input(s3: S3, processing_input: Document, root: Path, host_index: int, host_count: int) -> None:
    """Bring what one host sees of an input into the folder `root`, which is mounted at the input's LocalPath.

    What is there stays: another input's LocalPath may lie within. An input that the application
    manages is left to it. Raises StagingError.
    """
    if processing_input.get("AppManaged"):
        return
    name = processing_input["InputName"]
    s3_input = processing_input.get("S3Input")
    if s3_input is None:
        raise _refusal(name, "DatasetDefinition is not implemented here; use S3Input")
    mode = s3_input.get("S3InputMode", "File")
    if mode != "File":
        raise _refusal(name, f"the S3InputMode {mode} is not implemented here; use File")
    # API reference, ProcessingS3Input.
    if s3_input.get("S3CompressionType", "None") != "None":
        raise _refusal(name, "S3CompressionType Gzip needs the S3InputMode Pipe; leave it out in File")
    found = sources(s3, s3_input["S3DataType"], s3_input["S3Uri"])
    distribution = s3_input.get("S3DataDistributionType", "FullyReplicated")
    bring(s3, share(found, distribution, host_index, host_count), root)


def _refusal(input_name: str, why: str) -> StagingError:
    return StagingError(f"ClientError: Processing input {input_name}: {why}.")
