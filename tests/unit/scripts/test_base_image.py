import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.base_image import BASE_IMAGE, UPSTREAM, ensure_base_image, import_base_image, make_slim
from scripts.commands import SetupError
from tests.support.fake_docker import FakeDocker


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A bootstrapped Debian in miniature."""
    root = tmp_path / "root"
    for folder in ("etc/dpkg/dpkg.cfg.d", "etc/apt/apt.conf.d"):
        (root / folder).mkdir(parents=True)
    write(root, "usr/bin/bash", "etc/apt/sources.list")
    return root


ADDED = {"etc/dpkg/dpkg.cfg.d/docker", "etc/apt/apt.conf.d/docker-clean"}
KEPT = {"usr/bin/bash", "etc/apt/sources.list"} | ADDED


def test_what_the_slim_image_leaves_out_is_left_out(root: Path) -> None:
    write(
        root,
        "var/cache/apt/archives/bash.deb",
        "var/cache/apt/pkgcache.bin",
        "var/lib/apt/lists/deb_main_Packages",
        "var/log/dpkg.log",
        "usr/share/man/man1/bash.1.gz",
        "usr/share/info/bash.info",
        "usr/share/lintian/overrides/bash",
        "usr/share/doc/bash/README",
        "usr/share/doc/bash/examples/one",
        "usr/share/locale/de/LC_MESSAGES/bash.mo",
    )

    make_slim(root)

    assert files(root) == KEPT


def test_licences_and_the_names_of_locales_stay(root: Path) -> None:
    # Debian's slim image keeps them as well; SLIM_DPKG says the same for later packages.
    write(root, "usr/share/doc/bash/copyright", "usr/share/locale/locale.alias")

    make_slim(root)

    assert files(root) == KEPT | {"usr/share/doc/bash/copyright", "usr/share/locale/locale.alias"}


def test_a_link_is_not_followed_out_of_the_root(root: Path, tmp_path: Path) -> None:
    host = tmp_path / "host"
    write(host, "README", "examples/one")
    for name in (
        "usr/share/doc/linked",
        "usr/share/locale/linked",
        "usr/share/man/linked",
        "usr/share/doc/a/b",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(host)

    make_slim(root)

    assert files(host) == {"README", "examples/one"}


def test_a_base_that_is_there_stays(docker: FakeDocker) -> None:
    docker.holds("images", BASE_IMAGE)
    docker.says("pull", stderr="nobody needs to pull", exit_code=1)

    assert ensure_base_image() == f"{BASE_IMAGE} is there"


def test_a_base_that_can_be_pulled_is_pulled(docker: FakeDocker) -> None:
    docker.says("pull", stdout=UPSTREAM)
    docker.holds("images", UPSTREAM, is_ours=False, image_id="sha256:debian")

    assert ensure_base_image() == f"{BASE_IMAGE} pulled as {UPSTREAM}"
    assert docker.id_of(BASE_IMAGE) == "sha256:debian"


def test_a_base_that_cannot_be_named_is_not_called_pulled(docker: FakeDocker) -> None:
    docker.says("pull", stdout=UPSTREAM)
    docker.says("tag", stderr="no space left on device", exit_code=1)

    with pytest.raises(SetupError, match=f"cannot be tagged as {BASE_IMAGE}: no space left"):
        ensure_base_image()


def test_who_can_neither_pull_nor_make_it_is_told_both_ways_out(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    docker.says("pull", stderr="retrying\nlookup registry: no such host", exit_code=1)

    with pytest.raises(SetupError) as raised:
        ensure_base_image()

    text = str(raised.value)
    assert text.startswith(f"the base image {UPSTREAM} cannot be pulled: lookup registry: no such host\n")
    assert "docker load" in text
    assert f"`docker tag` it as {BASE_IMAGE}" in text


def test_a_root_is_imported_under_the_bases_name(root: Path, docker: FakeDocker) -> None:
    import_base_image(root)

    assert docker.id_of(BASE_IMAGE) == "sha256:imported"


def test_a_root_that_could_not_be_packed_leaves_no_image(
    root: Path, docker: FakeDocker, install: Callable[[str, str], None]
) -> None:
    install("tar", "echo half an archive; exit 2")

    with pytest.raises(SetupError, match="tar ended with exit code 2"):
        import_base_image(root)

    assert docker.names("images") == set()


def test_an_engine_that_refuses_the_import_is_quoted(root: Path, docker: FakeDocker) -> None:
    docker.says("import", stderr="no space left on device", exit_code=1)

    with pytest.raises(SetupError, match="import of the base image failed: no space left on device"):
        import_base_image(root)

    assert docker.names("images") == set()
