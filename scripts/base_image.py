"""The base of every image: pulled where a registry answers, made from Debian's packages where none does."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.apt import AptSource, debian_codename, host_apt_source, install_packages
from scripts.commands import LOGS, SetupError, capture, logged, relative, say, tail

SUITE = "trixie"
UPSTREAM = f"debian:{SUITE}-slim"
BASE_IMAGE = f"slipway/base:{SUITE}"
PULL_TIMEOUT_SECONDS = 180
BOOTSTRAP_LOG = LOGS / "base-image.log"

# What Debian's own slim image leaves out; licences stay.
SLIM_DPKG = """\
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
"""
# Packages that were installed are not kept in the layer, as in Debian's own image.
CLEAN_APT = """\
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""


def ensure_base_image() -> str:
    """Have `BASE_IMAGE` in the engine; returns a line that says how it came.

    Raises SetupError where it can be neither pulled nor made.
    """
    if capture(["docker", "image", "inspect", BASE_IMAGE]).returncode == 0:
        return f"{BASE_IMAGE} is there"
    pulled = capture(["docker", "pull", "--quiet", UPSTREAM], PULL_TIMEOUT_SECONDS)
    if pulled.returncode == 0:
        capture(["docker", "tag", UPSTREAM, BASE_IMAGE])
        return f"{BASE_IMAGE} pulled as {UPSTREAM}"
    make_base_image(pull_failure=(pulled.stderr.strip().splitlines() or ["no answer"])[-1])
    return f"{BASE_IMAGE} made from Debian packages (no image registry answers)"


def make_base_image(pull_failure: str) -> None:
    """Bootstrap the same Debian suite and import it.

    Raises SetupError where debootstrap cannot run or fails.
    """
    codename = debian_codename()
    if codename is None or os.geteuid() != 0:
        raise SetupError(
            f"the base image {UPSTREAM} cannot be pulled: {pull_failure}\n"
            f"  Give the engine a way to an image registry (or run `docker load` on a saved {UPSTREAM}\n"
            f"  and `docker tag` it as {BASE_IMAGE}); only root on Debian can make it without a registry."
        )
    source = host_apt_source(codename)
    if shutil.which("debootstrap") is None:
        install_packages(["debootstrap"], source, suite=None)
    say(f"  base image   no registry answers; bootstrapping Debian {SUITE}, about half a minute …")
    with TemporaryDirectory(prefix="slipway-base-") as folder:
        root = Path(folder) / "root"
        _bootstrap(root, source)
        _make_slim(root)
        _import(root)


def _bootstrap(root: Path, source: AptSource) -> None:
    command = [
        "debootstrap",
        "--variant=minbase",
        f"--keyring={source.signed_by}",
        SUITE,
        str(root),
        source.uri,
    ]
    if logged(command, BOOTSTRAP_LOG) != 0:
        raise SetupError(
            f"debootstrap failed; its last lines ({relative(BOOTSTRAP_LOG)}):\n{tail(BOOTSTRAP_LOG)}"
        )


def _make_slim(root: Path) -> None:
    for pattern in ("var/cache/apt/archives/*.deb", "var/cache/apt/*.bin", "var/log/*.log"):
        for path in root.glob(pattern):
            path.unlink()
    for pattern in ("var/lib/apt/lists/*", "usr/share/man/*", "usr/share/info/*", "usr/share/lintian/*"):
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in root.glob("usr/share/doc/*/*"):
        if path.name != "copyright":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in root.glob("usr/share/locale/*"):
        if path.is_dir():
            shutil.rmtree(path)
    (root / "etc/dpkg/dpkg.cfg.d/docker").write_text(SLIM_DPKG, encoding="ascii")
    (root / "etc/apt/apt.conf.d/docker-clean").write_text(CLEAN_APT, encoding="ascii")


def _import(root: Path) -> None:
    """Stream the root into the engine; the image appears whole or not at all."""
    with subprocess.Popen(
        ["tar", "--numeric-owner", "-C", str(root), "-c", "."], stdout=subprocess.PIPE
    ) as archive:
        imported = subprocess.run(
            ["docker", "import", "-c", 'CMD ["bash"]', "-c", "LABEL slipway=1", "-", BASE_IMAGE],
            check=False,
            stdin=archive.stdout,
            capture_output=True,
            text=True,
        )
    if imported.returncode != 0 or archive.returncode != 0:
        raise SetupError(f"docker import of the base image failed: {imported.stderr.strip()}")
