"""A model's artefact as files, before its container serves."""

import tarfile
from pathlib import Path

from slipway.resources.document import Document
from slipway.staging.downloads import bring
from slipway.staging.errors import StagingError
from slipway.staging.files import emptied
from slipway.staging.s3 import S3, S3Error
from slipway.staging.s3_uri import S3Uri
from slipway.staging.sources import of_prefix


def fetch(s3: S3, container: Document, target: Path) -> None:
    """Bring a ContainerDefinition's model data into the folder `target`; without any it stays empty.

    Raises StagingError.
    """
    if "AdditionalModelDataSources" in container:
        raise StagingError(
            "ClientError: AdditionalModelDataSources is not implemented here; use ModelDataSource."
        )
    emptied(target)
    data_source = container.get("ModelDataSource", {}).get("S3DataSource")
    if data_source is not None:
        _fetch_source(s3, data_source, target)
    elif "ModelDataUrl" in container:
        _fetch_archive(s3, S3Uri.parse(container["ModelDataUrl"]), target)


def _fetch_source(s3: S3, data_source: Document, target: Path) -> None:
    uri = S3Uri.parse(data_source["S3Uri"])
    if data_source["CompressionType"] == "Gzip":
        _fetch_archive(s3, uri, target)
    else:
        # An S3Object is what begins with its whole key and with nothing more.
        found = of_prefix(s3, uri)
        if data_source["S3DataType"] == "S3Object":
            found = [source for source in found if source.key == uri.key]
        if not found:
            raise _missing(uri)
        bring(s3, found, target)


def _fetch_archive(s3: S3, uri: S3Uri, target: Path) -> None:
    packed = target.with_name(f"{target.name}.tar.gz")
    try:
        s3.download(uri.bucket, uri.key, packed)
        unpack(packed, uri, target)
    except S3Error as error:
        raise _missing(uri) from error
    finally:
        packed.unlink(missing_ok=True)


def unpack(packed: Path, uri: S3Uri, target: Path) -> None:
    """Unpack an archive into `target`. Raises StagingError, also for members that would lie outside of it."""
    try:
        with tarfile.open(packed, "r:gz") as archive:
            archive.extractall(target, filter="data")
    except tarfile.FilterError as error:
        raise StagingError(
            f'ClientError: Failed to extract model data archive from URL "{uri}". {error}.'
        ) from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise StagingError(
            f'ClientError: Failed to extract model data archive from URL "{uri}". Please ensure that the '
            f"object located at the URL is a valid tar.gz archive. ({error})"
        ) from error


def _missing(uri: S3Uri) -> StagingError:
    """CreateModel's text (as a ValidationException there)."""
    return StagingError(f"ClientError: Could not find model data at {uri}.")
