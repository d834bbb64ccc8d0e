"""A tag that changes when, and only when, what an image is built from changes."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

# What a tool left behind reaches no image; a change in it rebuilds nothing.
IGNORED_NAMES = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"})
# Only the test stage has these; the README because a test reads its tables.
TEST_NAMES = frozenset({"tests", "test-requirements.lock", "test-requirements.in", "README.md"})
TAG_LENGTH = 12


def content_tag(folders: Iterable[Path], build_args: dict[str, str], with_tests: bool = False) -> str:
    """The first hexadecimal digits of a digest over names, modes and bytes of the build's inputs.

    Tests, and the README that they check, count only for an image that contains them.
    """
    ignored = IGNORED_NAMES if with_tests else IGNORED_NAMES | TEST_NAMES
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(input_files(folder, ignored)):
            mode, content = mode_and_content(path)
            digest.update(f"{folder.name}/{path.relative_to(folder)}\0{mode}\0".encode())
            digest.update(hashlib.sha256(content).digest())
    for name, value in sorted(build_args.items()):
        digest.update(f"{name}={value}\0".encode())
    return digest.hexdigest()[:TAG_LENGTH]


def mode_and_content(path: Path) -> tuple[str, bytes]:
    """What of a file is in the image, as far as git keeps it; of a link, where it points."""
    if path.is_symlink():
        return "l", str(path.readlink()).encode()
    return "x" if path.stat().st_mode & 0o100 else "-", path.read_bytes()


def input_files(folder: Path, ignored: frozenset[str]) -> Iterator[Path]:
    """Every file and link below `folder` that can reach the image."""
    for path in folder.iterdir():
        if path.name in ignored or path.name.endswith((".egg-info", ".pyc")):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from input_files(path, ignored)
        else:
            yield path
