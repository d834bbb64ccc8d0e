"""Which images passed the tests: written after them, read before anything is promoted."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.commands import STATE, SetupError, relative
from scripts.images import image_id, image_names, reference

TESTED = STATE / "tested.json"


@dataclass(frozen=True, slots=True)
class TestedImage:
    """An image whose tests passed, by what it holds and not only by its name."""

    __test__ = False

    name: str
    reference: str
    image_id: str
    tested_at: str


def record_tested(file: Path = TESTED) -> None:
    """Remember the images of the present files as tested. Raises SetupError where one is not built."""
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    images = []
    for name in image_names():
        wanted = reference(name)
        images.append(TestedImage(name, wanted, image_id(wanted) or "", moment))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(image) for image in images], indent=2) + "\n", encoding="utf-8")


def read_tested(file: Path = TESTED) -> dict[str, TestedImage]:
    """The images by name. Raises SetupError where the tests have not passed here."""
    if not file.is_file():
        raise SetupError(f"no tested image is on record ({relative(file)}); run: make test")
    return {item["name"]: TestedImage(**item) for item in json.loads(file.read_text(encoding="utf-8"))}
