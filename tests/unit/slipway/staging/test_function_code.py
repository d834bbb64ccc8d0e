"""Archives of functions: what is taken, and what lies there afterwards."""

import io
import stat
import zipfile
from pathlib import Path

import pytest
from slipway.errors import FunctionParameterError
from slipway.staging import function_code

from tests.support.functions import archive

BROKEN = "Could not unzip uploaded file. Please check your file, then try to upload again."


def zipped(members: dict[str, tuple[int, bytes]]) -> bytes:
    """An archive of members, each with its mode."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, (mode, data) in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            file.writestr(info, data)
    return content.getvalue()


def unpacked(content: bytes, folder: Path) -> Path:
    function_code.check_archive(content)
    function_code.keep(content, folder)
    return function_code.unpack(folder)


def test_everybody_may_read_what_was_unpacked_and_run_what_was_a_program(tmp_path: Path) -> None:
    content = zipped(
        {
            "app.py": (0o600, b"pass"),
            "bin/tool": (0o700, b"#!/bin/sh"),
            "closed/": (stat.S_IFDIR | 0o700, b""),
            "closed/data": (0, b"1"),
        }
    )

    root = unpacked(content, tmp_path / "code")

    modes = {path.relative_to(root).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*")}
    assert modes == {
        "app.py": 0o444,
        "bin": 0o755,
        "bin/tool": 0o555,
        "closed": 0o755,
        "closed/data": 0o444,
    }
    assert (root / "app.py").read_bytes() == b"pass"


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", archive("x")[:-10], archive("x", "../outside.py"), archive("x", "/outside.py")],
    ids=["empty", "text", "cut", "above", "absolute"],
)
def test_what_is_no_archive_or_leads_out_of_it_is_refused(content: bytes) -> None:
    with pytest.raises(FunctionParameterError) as refused:
        function_code.check_archive(content)

    assert str(refused.value) == BROKEN


def test_an_archive_that_would_be_too_large_is_refused_without_unpacking_it() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        # 250 MB and a byte (quota of the developer guide) of nothing.
        file.writestr("zeros", bytes(262_144_001))

    with pytest.raises(FunctionParameterError) as refused:
        function_code.check_archive(content.getvalue())

    assert str(refused.value) == "Unzipped size must be smaller than 262144000 bytes"


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = stat.S_IFLNK | 0o777
    content = zipped(
        {
            "out": (link, str(outside).encode()),
            "out/through": (0o644, b"1"),
            "inside": (link, b"app.py"),
            "app.py": (0o644, b"pass"),
        }
    )

    root = unpacked(content, tmp_path / "code")

    assert list(outside.iterdir()) == []
    assert (root / "out" / "through").read_bytes() == b"1"
    assert (root / "inside").readlink() == Path("app.py")


def test_what_was_cut_off_by_a_crash_is_done_again(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    function_code.keep(archive("pass"), folder)
    (folder / "task.unfinished").mkdir()
    (folder / "task.unfinished" / "half").write_text("x")

    root = function_code.unpack(folder)

    assert [path.name for path in root.iterdir()] == ["app.py"]
    assert function_code.unpack(folder) == root


def test_the_digest_is_written_as_code_sha256_has_it() -> None:
    # SHA-256 of nothing (FIPS 180-4), in both notations.
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert function_code.sha256_of(b"") == (digest, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
