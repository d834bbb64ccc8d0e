"""The extract of a map that a project's places are counted in: a file of the project's, or made by it."""

import os
from dataclasses import dataclass
from pathlib import Path

from orchestration.data_source import SYNTHETIC_SEED, data_folder, generated_by, sha256_of
from orchestration.errors import DataError
from orchestration.forecasting_project import Places
from orchestration.kinds import kind_of
from orchestration.names import PLACES
from orchestration.project import Project
from orchestration.settings import PROJECTS
from orchestration.storage import DIGEST_LENGTH, Bucket

SYNTHETIC = "places.osm"


@dataclass(frozen=True, slots=True)
class Extract:
    """A file on this machine, and what is in it."""

    path: Path
    sha256: str

    def uri(self, bucket: str) -> str:
        """The folder of it in a project's bucket: of another content it is another one."""
        return f"s3://{bucket}/{PLACES}/{self.sha256[:DIGEST_LENGTH]}/"

    def store(self, bucket: Bucket) -> None:
        """Put it there, unless it is."""
        bucket.put_file(self.path, PLACES, self.sha256)


def extract_of(project: Project, build_dir: Path) -> Extract | None:
    """The project's extract; None where nothing is counted. Raises DataError where there is none to have."""
    places = kind_of(project).places()
    if places is None:
        return None
    folder = PROJECTS / project.name
    path = _given(folder, places) or _synthetic(folder, data_folder(project.name, build_dir))
    return Extract(path, sha256_of(path))


def _given(folder: Path, places: Places) -> Path | None:
    if places.file is None:
        return None
    path = folder / Path(places.file).expanduser()
    if not path.is_file():
        raise DataError(
            f"places.file is {places.file}, and {path} does not exist; correct it, or remove the key: "
            "a project's generator then makes an extract"
        )
    return path


def _synthetic(folder: Path, target: Path) -> Path:
    generator = folder / "generate.py"
    if not generator.is_file():
        raise DataError(f"{folder.name} has no generator of an extract; name a file in places.file")
    target.mkdir(parents=True, exist_ok=True)
    unfinished = target / f"{os.getpid()}-{SYNTHETIC}"
    try:
        generated_by(generator).write_places(unfinished, SYNTHETIC_SEED)
        return unfinished.replace(target / SYNTHETIC)
    finally:
        unfinished.unlink(missing_ok=True)
