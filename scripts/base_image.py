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
# Indexes, logs and caches that a first `apt-get update` makes again, and manuals.
SLIMMED_AWAY = (
    "var/cache/apt/archives/*.deb",
    "var/cache/apt/*.bin",
    "var/lib/apt/lists/*",
    "var/log/*.log",
    "usr/share/man/*",
    "usr/share/info/*",
    "usr/share/lintian/*",
)


def ensure_base_image() -> str:
    """Have `BASE_IMAGE` in the engine; returns a line that says how it came.

    Raises SetupError where it can be neither pulled nor made.
    """
    if capture(["docker", "image", "inspect", BASE_IMAGE]).returncode == 0:
        return f"{BASE_IMAGE} is there"
    pulled = capture(["docker", "pull", "--quiet", UPSTREAM], PULL_TIMEOUT_SECONDS)
    if pulled.returncode == 0:
        tag_base_image(UPSTREAM)
        return f"{BASE_IMAGE} pulled as {UPSTREAM}"
    make_base_image(pull_failure=(pulled.stderr.strip().splitlines() or ["no answer"])[-1])
    return f"{BASE_IMAGE} made from Debian packages (no image registry answers)"


def tag_base_image(image: str) -> None:
    """Let `BASE_IMAGE` mean `image`. Raises SetupError with the engine's own words."""
    tagged = capture(["docker", "tag", image, BASE_IMAGE])
    if tagged.returncode != 0:
        raise SetupError(f"{image} cannot be tagged as {BASE_IMAGE}: {tagged.stderr.strip()}")


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
        make_slim(root)
        import_base_image(root)


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


def make_slim(root: Path) -> None:
    """Leave out of a bootstrapped `root` what Debian's slim image leaves out."""
    for pattern in SLIMMED_AWAY:
        for path in list(root.glob(pattern)):
            _remove(path)
    for package in list(root.glob("usr/share/doc/*")):
        # Some packages link to another's folder; a link may lead out of the root.
        if package.is_dir() and not package.is_symlink():
            for path in list(package.iterdir()):
                if path.name != "copyright":
                    _remove(path)
    for path in list(root.glob("usr/share/locale/*")):
        if path.name != "locale.alias":
            _remove(path)
    (root / "etc/dpkg/dpkg.cfg.d/docker").write_text(SLIM_DPKG, encoding="ascii")
    (root / "etc/apt/apt.conf.d/docker-clean").write_text(CLEAN_APT, encoding="ascii")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def import_base_image(root: Path) -> None:
    """Stream `root` into the engine; the name appears when all of it has arrived, or not at all.

    Raises SetupError where a part of it is missing.
    """
    with subprocess.Popen(
        ["tar", "--numeric-owner", "-C", str(root), "-c", "."], stdout=subprocess.PIPE
    ) as archive:
        imported = subprocess.run(
            ["docker", "import", "-c", 'CMD ["bash"]', "-c", "LABEL slipway=1", "-"],
            check=False,
            stdin=archive.stdout,
            capture_output=True,
            text=True,
        )
    image_id = imported.stdout.strip()
    if imported.returncode != 0:
        raise SetupError(f"docker import of the base image failed: {imported.stderr.strip()}")
    if archive.returncode != 0:
        capture(["docker", "image", "rm", image_id])
        raise SetupError(f"the base image could not be packed: tar ended with exit code {archive.returncode}")
    tag_base_image(image_id)
