"""Debian's packages: where this host gets them from, and installing a few of them."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.commands import LOGS, SetupError, logged, relative, tail

APT_LOG = LOGS / "apt.log"
SOURCES = Path("/etc/apt")
DEFAULT_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Priority 100 is what installed packages have: nothing of the host is upgraded
# to the other suite unless it is asked for by name.
PIN = "Package: *\nPin: release n={suite}\nPin-Priority: 100\n"


@dataclass(frozen=True, slots=True)
class AptSource:
    """One mirror of Debian's main archive and the keyring that signs it."""

    uri: str
    signed_by: str = DEFAULT_KEYRING


def debian_codename(os_release: Path = Path("/etc/os-release")) -> str | None:
    """The host's Debian codename; None where the host is not Debian."""
    fields = dict(
        line.split("=", 1) for line in os_release.read_text(encoding="utf-8").splitlines() if "=" in line
    )
    if fields.get("ID", "").strip('"') != "debian":
        return None
    return fields.get("VERSION_CODENAME", "").strip('"') or None


def host_apt_source(codename: str, folder: Path = SOURCES) -> AptSource:
    """The mirror that the host itself uses for `codename`'s main archive.

    Understands deb822 files and one-line lists.
    Raises SetupError when no source of the host names the suite.
    """
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        found = _from_deb822(path.read_text(encoding="utf-8"), codename)
        if found:
            return found
    lists = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.exists() and (found := _from_list(path.read_text(encoding="utf-8"), codename)):
            return found
    raise SetupError(
        f"no apt source of this host serves Debian {codename} main, so its packages cannot be found.\n"
        f"  Add one under {folder}/sources.list.d and run the command again."
    )


def _from_deb822(text: str, codename: str) -> AptSource | None:
    for stanza in re.split(r"\n\s*\n", text):
        lines = [line for line in stanza.splitlines() if line.strip() and not line.startswith("#")]
        fields = {
            key.strip().lower(): value.strip()
            for key, _, value in (line.partition(":") for line in lines if not line[0].isspace())
        }
        if (
            "deb" in fields.get("types", "").split()
            and codename in fields.get("suites", "").split()
            and "main" in fields.get("components", "").split()
            and fields.get("enabled", "yes").lower() != "no"
        ):
            return AptSource(fields["uris"].split()[0], fields.get("signed-by") or DEFAULT_KEYRING)
    return None


def _from_list(text: str, codename: str) -> AptSource | None:
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(.*)$", line)
        if match and match["suite"] == codename and "main" in match[4].split():
            signed_by = re.search(r"signed-by=(\S+)", match["options"] or "")
            return AptSource(match["uri"].rstrip("/"), signed_by[1] if signed_by else DEFAULT_KEYRING)
    return None


def suite_source(source: AptSource, suite: str) -> str:
    """The deb822 text of another suite on the same mirror."""
    return (
        f"Types: deb\nURIs: {source.uri}\nSuites: {suite}\nComponents: main\nSigned-By: {source.signed_by}\n"
    )


def install_packages(packages: Sequence[str], source: AptSource, suite: str | None) -> None:
    """Install `packages` without their recommendations, from `suite` where one is named.

    Raises SetupError with apt's own last lines.
    """
    if suite:
        _write(SOURCES / "sources.list.d" / f"slipway-{suite}.sources", suite_source(source, suite))
        _write(SOURCES / "preferences.d" / f"slipway-{suite}", PIN.format(suite=suite))
    wanted = [f"{package}/{suite}" if suite else package for package in packages]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update"],
        ["apt-get", "install", "--yes", "--no-install-recommends", *wanted],
    ):
        if logged(command, APT_LOG, env) != 0:
            raise SetupError(
                f"`{' '.join(command)}` failed; no network, or another apt is running. "
                f"Its last lines ({relative(APT_LOG)}):\n{tail(APT_LOG)}"
            )


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
