"""Which rows a project is run on. Standard library only: it runs before there is an environment."""

import argparse
import gzip
import hashlib
import importlib.util
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from orchestration.errors import DataError
from orchestration.settings import PROJECTS, ROOT, Settings

SYNTHETIC_ROWS = 20_000
SYNTHETIC_SEED = 0
CHUNK = 1 << 20
# What `make data` leaves beside the file that it verified.
VERIFIED = "verified.json"


@dataclass(frozen=True, slots=True)
class DataSource:
    """A file of rows and how it came to be chosen; `rows` is None where its format hides the count."""

    path: Path
    source: str
    rows: int | None
    sha256: str
    is_synthetic: bool = False

    @property
    def line(self) -> str:
        """The one line that says which rows these are."""
        kind = "synthetic rows" if self.is_synthetic else "rows"
        counted = f"{self.rows:,} {kind}" if self.rows is not None else f"{self.path.stat().st_size:,} bytes"
        return f"data: {self.path.name}, {counted}, sha256 {self.sha256[:6]}…, from {self.source}"


@dataclass(frozen=True, slots=True)
class Verified:
    """A downloaded file, as recorded after its content was checked."""

    file_name: str
    rows: int
    sha256: str


def choose(project: str, settings: Settings, build_dir: Path, data: str | None = None) -> DataSource:
    """The rows to use: `data`, DATA, SLIPWAY_<PROJECT>_CSV, an earlier `make data`, else synthetic ones.

    Raises DataError where a path was given and there is no file at it: what
    somebody named is never replaced in silence.
    """
    if not (PROJECTS / project / "project.yaml").is_file():
        raise DataError(f"there is no project '{project}' in {PROJECTS.name}/")
    given = settings.csv_of(project)
    if data or settings.data:
        return from_path(data or settings.data or "", "DATA")
    if given:
        return from_path(given[1], given[0])
    return downloaded(project, build_dir) or synthetic(project, build_dir)


def from_path(path: str, source: str) -> DataSource:
    """The file that a person named. Raises DataError where it cannot be read."""
    file = Path(path).expanduser()
    if file.is_dir():
        raise DataError(f"{source}={path} is a folder; give one file of rows")
    if not file.is_file():
        raise DataError(
            f"{source}={path} does not exist (looked in {Path.cwd()}); correct the path, or unset {source}"
        )
    try:
        return DataSource(file.resolve(), source, count_rows(file), sha256_of(file))
    except PermissionError as error:
        raise DataError(f"{source}={path} cannot be read: {error.strerror}") from error


def downloaded(project: str, build_dir: Path) -> DataSource | None:
    """The file that an earlier `make data` verified; None where there is none, or it has changed since."""
    record = data_folder(project, build_dir) / VERIFIED
    if not record.is_file():
        return None
    verified = Verified(**json.loads(record.read_text(encoding="utf-8")))
    file = record.parent / verified.file_name
    if not file.is_file() or sha256_of(file) != verified.sha256:
        return None
    return DataSource(file, "an earlier make data", verified.rows, verified.sha256)


def record_verified(folder: Path, verified: Verified) -> None:
    """Remember that a file was checked, so that later runs use it."""
    (folder / VERIFIED).write_text(json.dumps(asdict(verified), indent=2) + "\n", encoding="utf-8")


def synthetic(project: str, build_dir: Path) -> DataSource:
    """Rows from the project's own generator. Raises DataError where the project has none."""
    generator = PROJECTS / project / "generate.py"
    if not generator.is_file():
        raise DataError(f"project '{project}' has no generator of synthetic rows; give DATA=path/to/rows.csv")
    folder = data_folder(project, build_dir)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "synthetic.csv"
    unfinished = folder / f"synthetic.csv.{os.getpid()}"
    try:
        module = generated_by(generator)
        # As many as its rows need to have something in them.
        module.write_rows(unfinished, getattr(module, "ROWS", SYNTHETIC_ROWS), SYNTHETIC_SEED)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    source = f"{generator.relative_to(ROOT)} (seed {SYNTHETIC_SEED})"
    return DataSource(file, source, count_rows(file), sha256_of(file), is_synthetic=True)


def data_folder(project: str, build_dir: Path) -> Path:
    """Where the rows that the verbs themselves make or fetch are kept."""
    return build_dir / "data" / project


def count_rows(file: Path) -> int | None:
    """Data rows of a CSV, gzipped or not; None for what is not text."""
    if file.suffix == ".parquet":
        return None
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
            return max(0, sum(1 for line in lines if line.strip()) - 1)
    except (EOFError, gzip.BadGzipFile):
        # Preprocess names the file and says what is wrong with it.
        return None


def sha256_of(file: Path) -> str:
    """The digest of a file's bytes."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def generated_by(generator: Path) -> ModuleType:
    """A project's generator as a module. Raises DataError."""
    spec = importlib.util.spec_from_file_location(f"projects_{generator.parent.name}_generate", generator)
    if spec is None or spec.loader is None:
        raise DataError(f"{generator} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Print the line that says which rows a run would use."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.data_source", description=__doc__)
    parser.add_argument("--project", required=True)
    parser.add_argument("--data", help="a file of rows, CSV (also gzipped) or Parquet")
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build")
    arguments = parser.parse_args()
    settings = Settings.from_environ(os.environ)
    try:
        print(choose(arguments.project, settings, arguments.build_dir, arguments.data).line)
    except DataError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
