"""A `docker` that keeps its things as files, for the programs that only ask it and tell it.

The real Engine runs in tests/contract and beyond. Here it is a small program on
PATH, so that every state of a machine can be had: no engine, an old one, none of
our images, somebody else's containers.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["containers", "networks", "volumes", "images"]

PROGRAM = """#!{python} -IS
import sys
from pathlib import Path

STATE, IMAGES = Path({state!r}), Path({state!r}) / "images"
WORDS = sys.argv[1:]


def fail(text):
    sys.exit(f"Error response from daemon: {{text}}")


def file_of(reference):
    if (IMAGES / reference.replace("/", "%")).exists():
        return IMAGES / reference.replace("/", "%")
    return next((file for file in IMAGES.iterdir() if file.read_text().split()[0] == reference), None)


def things(folder):
    labels = {{word.removeprefix("label=") for before, word in zip(WORDS, WORDS[1:]) if before == "--filter"}}
    return [file for file in sorted((STATE / folder).iterdir()) if labels <= set(file.read_text().split())]


def remove(folder):
    for name in WORDS:
        if (STATE / folder / name).exists():
            (STATE / folder / name).unlink()
            with (STATE / "removed").open("a") as removed:
                print(folder, name, file=removed)


def inspect_image():
    file = file_of(WORDS[-1]) or fail("No such image: " + WORDS[-1])
    print(file.read_text().split()[0], "1000000" if "Size" in " ".join(WORDS) else "")


def list_images():
    named = [file for file in things("images") if "/" not in WORDS[-1] or file == file_of(WORDS[-1])]
    for file in named:
        print(file.name.replace("%", "/") if "--format" in WORDS else file.read_text().split()[0])


def remove_images():
    for reference in WORDS:
        while file := file_of(reference):
            file.unlink()


def build():
    reference = WORDS[WORDS.index("--tag") + 1]
    (IMAGES / reference.replace("/", "%")).write_text("sha256:" + reference[-12:] + " slipway=1")


def tag():
    (IMAGES / WORDS[2].replace("/", "%")).write_text((file_of(WORDS[1]) or fail("No such image")).read_text())


def load_root():
    sys.stdin.buffer.read()
    (IMAGES / "<none>").write_text("sha256:imported slipway=1")
    print("sha256:imported")


SCRIPT = STATE / "script"
ANSWERS = {{
    "version": lambda: print("27.5.1"),
    "compose version": lambda: print("v2.26.1"),
    "buildx version": lambda: print("buildx"),
    "image inspect": inspect_image,
    "image rm": remove_images,
    "images": list_images,
    "rmi": remove_images,
    "buildx build": build,
    "tag": tag,
    "import": load_root,
    "ps": lambda: print(*(file.name for file in things("containers"))),
    "network ls": lambda: print(*(file.name for file in things("networks"))),
    "volume ls": lambda: print(*(file.name for file in things("volumes"))),
    "rm": lambda: remove("containers"),
    "network rm": lambda: remove("networks"),
    "volume rm": lambda: remove("volumes"),
}}
for prefix in (" ".join(WORDS[:2]), WORDS[0]):
    told = STATE / "told" / prefix
    if told.exists():
        code, stdout, stderr = told.read_text().split("\\0")
        print(stdout)
        print(stderr, file=sys.stderr)
        sys.exit(int(code))
    if prefix in ANSWERS:
        ANSWERS[prefix]()
        sys.exit(0)
fail("the fake docker has no answer to " + " ".join(WORDS))
"""


@dataclass(frozen=True, slots=True)
class FakeDocker:
    """What is in the engine, and a way to change it."""

    state: Path

    @classmethod
    def installed(cls, folder: Path, state: Path) -> "FakeDocker":
        """Write the program into `folder`, which is on PATH."""
        for kind in ("containers", "networks", "volumes", "images", "told"):
            (state / kind).mkdir(parents=True)
        program = folder / "docker"
        program.write_text(PROGRAM.format(python=sys.executable, state=str(state)), encoding="utf-8")
        program.chmod(0o755)
        return cls(state)

    def holds(
        self, kind: Kind, name: str, is_ours: bool = True, image_id: str = "sha256:0", label: str = ""
    ) -> None:
        """Let there be a thing; of an image, a name and the id it stands for."""
        labels = f"{'slipway=1' if is_ours else 'somebody'} {label}"
        (self.state / kind / name.replace("/", "%")).write_text(f"{image_id} {labels}", encoding="utf-8")

    def removed(self) -> list[str]:
        """What was removed of containers, networks and volumes, in its order."""
        return (self.state / "removed").read_text(encoding="utf-8").splitlines()

    def names(self, kind: Kind) -> set[str]:
        """What there is."""
        return {file.name.replace("%", "/") for file in (self.state / kind).iterdir()}

    def id_of(self, image: str) -> str:
        """The id that a name stands for."""
        return (self.state / "images" / image.replace("/", "%")).read_text(encoding="utf-8").split()[0]

    def says(self, command: str, stdout: str = "", stderr: str = "", exit_code: int = 0) -> None:
        """From now on, answer `command` (its first word or two) with just this."""
        (self.state / "told" / command).write_text(f"{exit_code}\0{stdout}\0{stderr}", encoding="utf-8")
