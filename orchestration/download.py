"""`make data`: a project's real rows from where they are published, checked before they are used."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from orchestration.data_source import Verified, data_folder, record_verified
from orchestration.errors import DataError
from orchestration.project import DataFacts

CONNECT_TIMEOUT_SECONDS = 10.0
# The largest published archive is a hundredth of this; a wrong address may serve anything.
LARGEST_ARCHIVE_BYTES = 512 * 1024**2
WITHOUT_IT = "`make run` works without it, on synthetic rows"


def download(
    project: str,
    facts: DataFacts,
    build_dir: Path,
    url: str | None = None,
    timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
) -> Path:
    """Fetch the project's file, check its content, and put it where a run finds it.

    The file appears whole and checked, or not at all. Raises DataError where
    it cannot be had, or is not the file that it should be.
    """
    source = url or facts.url
    content = _inner_file(_fetch(source, timeout_seconds), facts.archive_path, source)
    rows, digest = canonical_digest(content)
    if digest != facts.canonical_sha256 or rows != facts.rows:
        raise DataError(
            f"what {source} serves is not the file that this project was made for: {rows:,} rows with the "
            f"content digest {digest[:12]}…, expected {facts.rows:,} with {facts.canonical_sha256[:12]}…. "
            f"Nothing was kept; {WITHOUT_IT}"
        )
    folder = data_folder(project, build_dir)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / facts.file_name
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(file)
    record_verified(folder, Verified(facts.file_name, rows, hashlib.sha256(content).hexdigest()))
    return file


def canonical_digest(content: bytes) -> tuple[int, str]:
    """Row count, and a digest that is the same for every column order, separator and quoting.

    Columns in alphabetical order, rows in the file's order, cells joined by
    commas, each line ended by a newline, the header first.
    """
    lines = _rows(content)
    header = next(lines, [])
    order = sorted(range(len(header)), key=lambda index: header[index])
    digest = hashlib.sha256()
    count = 0
    for cells in (header, *filter(None, lines)):
        ordered = [cells[index] if index < len(cells) else "" for index in order]
        digest.update((",".join(ordered) + "\n").encode())
        count += 1
    return count - 1, digest.hexdigest()


def _rows(content: bytes) -> Iterator[list[str]]:
    text = content.decode("utf-8-sig", errors="replace")
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _fetch(url: str, timeout_seconds: float) -> bytes:
    request = Request(url, headers={"User-Agent": "slipway"})
    try:
        with urlopen(request, timeout=timeout_seconds) as answer:
            content: bytes = answer.read(LARGEST_ARCHIVE_BYTES + 1)
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(
            f"{url} cannot be fetched ({reason}). Is there a network? "
            f"{WITHOUT_IT}, and DATA=path takes a file that you already have"
        ) from error
    if len(content) > LARGEST_ARCHIVE_BYTES:
        raise DataError(f"{url} serves more than {LARGEST_ARCHIVE_BYTES:,} bytes; that is not the archive")
    return content


def _inner_file(content: bytes, archive_path: tuple[str, ...], url: str) -> bytes:
    """The file inside archives inside archives, as `archive_path` names them."""
    for name in archive_path:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(name)
        except zipfile.BadZipFile as error:
            raise DataError(f"{url} does not serve a complete zip archive ({error}); {WITHOUT_IT}") from error
        except KeyError as error:
            raise DataError(f"the archive at {url} has no file '{name}'; {WITHOUT_IT}") from error
    return content
