"""`make lock`: every requirements.in resolved into its hash-checked lock."""

import subprocess
from pathlib import Path

from scripts.commands import ROOT, SetupError, relative, run_main, say

# LocalStack's last release that needs no account is of March 2026; what it
# depends on must be of its own time.
RESOLVED_AS_OF = {"images/localstack": "2026-03-10"}
DEFAULT_AS_OF = "2026-11-10"
IMAGE_PYTHON = "3.13"
HOST_PYTHON = "3.11"


def left_to_the_system(source: Path) -> Path:
    """The file that names what the image has from its distribution, and no lock must hold."""
    return source.with_name(source.stem.removesuffix("requirements") + "from-debian.in")


def inputs() -> list[Path]:
    """Every file that names direct requirements."""
    patterns = ("images/*/*requirements.in", "emulator/*requirements.in", "requirements/*.in")
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def resolve(source: Path) -> None:
    """Write the lock beside `source`. Raises SetupError with the resolver's own words."""
    folder = relative(source.parent)
    python = HOST_PYTHON if folder == "requirements" else IMAGE_PYTHON
    system = left_to_the_system(source)
    command = [
        *(str(ROOT / ".venv/bin/uv"), "pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        *("--no-annotate", "--no-header", "--python-version", python),
        *("--exclude-newer", RESOLVED_AS_OF.get(folder, DEFAULT_AS_OF)),
        *(("--override", system.name) if system.is_file() else ()),
        *(source.name, "--output-file", source.with_suffix(".lock").name),
    ]
    resolved = subprocess.run(command, check=False, cwd=source.parent, capture_output=True, text=True)
    if resolved.returncode != 0:
        raise SetupError(f"{relative(source)} cannot be resolved:\n{resolved.stderr.strip()}")


def main() -> int:
    """Resolve all of them."""
    for source in inputs():
        resolve(source)
        say(f"  {relative(source.with_suffix('.lock'))}")
    return 0


if __name__ == "__main__":
    run_main(main)
