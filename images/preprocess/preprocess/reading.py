"""The files of the data folder, whatever their kind, as columns of raw cells."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

from smcontract.failure import ContractError

from preprocess.csv_rows import csv_columns, read_csv
from preprocess.parquet_rows import parquet_columns, read_parquet
from preprocess.raw_table import RawTable

_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of the data folder; `name` is its path below that folder."""

    name: str
    path: Path


def data_files(folder: Path) -> list[DataFile]:
    """The files in `folder` and below, sorted by name.

    Names that begin with a dot or an underscore are markers that Spark and
    object stores leave behind, not data.
    Raises ContractError when there is none.
    """
    if not folder.is_dir():
        raise ContractError(f"the data folder {folder} is missing; give the job an input that lands there.")
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    files = [
        DataFile(name=name.as_posix(), path=path)
        for name, path in found.items()
        if not any(part.startswith((".", "_")) for part in name.parts)
    ]
    if not files:
        raise ContractError(
            f"the data folder {folder} has no files; give it at least one CSV or Parquet file."
        )
    return sorted(files, key=lambda file: file.name)


@dataclass(frozen=True, slots=True)
class DataContent:
    """The bytes of a data file, unzipped; `sha256` is of the file as it lies on disk."""

    name: str
    sha256: str
    content: bytes
    is_parquet: bool

    def columns(self, likely: tuple[str, ...]) -> list[str]:
        """The names of its columns; those that are `likely` tell the delimiter of a CSV file.

        Raises ContractError, naming the file, when it cannot be read.
        """
        if self.is_parquet:
            return parquet_columns(self.content, self.name)
        return csv_columns(self.content, self.name, likely)

    def table(self, wanted: tuple[str, ...], dates: frozenset[str] = frozenset()) -> RawTable:
        """The `wanted` columns; those in `dates` may be dates in a Parquet file, and are ISO texts here.

        Raises ContractError, naming the file, when it cannot be read.
        """
        if self.is_parquet:
            return read_parquet(self.content, self.name, wanted, dates)
        return read_csv(self.content, self.name, wanted)


def read_file(file: DataFile, wanted: tuple[str, ...]) -> tuple[RawTable, str]:
    """The `wanted` columns of `file`, and the SHA-256 of the file as it lies on disk.

    Raises ContractError, naming the file, when it cannot be read.
    """
    content = read_content(file)
    return content.table(wanted), content.sha256


def read_content(file: DataFile) -> DataContent:
    """What is in `file`: its bytes say what it is, its name only helps when they are damaged.

    Raises ContractError, naming the file, when it cannot be read.
    """
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise ContractError(
            f"{file.name} cannot be read ({error.strerror}); check the data input."
        ) from error
    sha256 = hashlib.sha256(content).hexdigest()
    if content.startswith(_GZIP_MAGIC) or file.name.endswith(".gz"):
        content = _unzipped(content, file.name)
    is_parquet = content.startswith(_PARQUET_MAGIC) or file.name.removesuffix(".gz").endswith(".parquet")
    return DataContent(file.name, sha256, content, is_parquet)


def _unzipped(content: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise ContractError(
            f"{name} is a gzip file that ends too early ({len(content):,} bytes); copy or compress it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ContractError(f"{name} is not a sound gzip file ({error}); compress it again.") from error
