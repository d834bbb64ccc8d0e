"""A tag that changes when, and only when, what an image is built from changes."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

# Prose, and what a tool left behind, are not in the image; a change in them
# rebuilds nothing. Every image's .dockerignore names the same.
IGNORED_NAMES = frozenset({"__pycache__", "README.md", ".mypy_cache", ".ruff_cache", ".pytest_cache"})
TEST_NAMES = frozenset({"tests", "test-requirements.lock", "test-requirements.in"})
TAG_LENGTH = 12


def content_tag(folders: Iterable[Path], build_args: dict[str, str], with_tests: bool = False) -> str:
    """The first hexadecimal digits of a digest over names, modes and bytes of the build's inputs.

    Tests count only for an image that contains them.
    """
    ignored = IGNORED_NAMES if with_tests else IGNORED_NAMES | TEST_NAMES
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(input_files(folder, ignored)):
            mode = "x" if path.stat().st_mode & 0o100 else "-"
            digest.update(f"{folder.name}/{path.relative_to(folder)}\0{mode}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name, value in sorted(build_args.items()):
        digest.update(f"{name}={value}\0".encode())
    return digest.hexdigest()[:TAG_LENGTH]


def input_files(folder: Path, ignored: frozenset[str]) -> Iterator[Path]:
    """Every file below `folder` that can reach the image."""
    for path in folder.iterdir():
        if path.name in ignored or path.name.endswith((".egg-info", ".pyc")):
            continue
        if path.is_dir():
            yield from input_files(path, ignored)
        else:
            yield path
