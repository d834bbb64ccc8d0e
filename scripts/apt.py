"""Debian's packages: where this host gets them from, and installing a few of them."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.commands import LOGS, SetupError, logged, relative, tail

APT_LOG = LOGS / "apt.log"
SOURCES = Path("/etc/apt")
DEFAULT_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Priority 100 is what installed packages have: nothing of the host is upgraded
# to the other suite unless it is asked for by name.
PIN = "Package: *\nPin: release n={suite}\nPin-Priority: 100\n"

# What sources.list(5) takes for a no.
SWITCHED_OFF = frozenset({"no", "false", "without", "off", "disable", "0"})
ONE_LINE_SOURCE = re.compile(
    r"\s*deb\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.*)$"
)


@dataclass(frozen=True, slots=True)
class AptSource:
    """One mirror of Debian's main archive and the keyring that signs it."""

    uri: str
    signed_by: str = DEFAULT_KEYRING

    @property
    def is_signed_by_debian(self) -> bool:
        """Whether the keyring is one of Debian's own."""
        return Path(self.signed_by).name.startswith("debian-archive-")


def debian_codename(os_release: Path = Path("/etc/os-release")) -> str | None:
    """The host's Debian codename; None where the host is not Debian."""
    if not os_release.is_file():
        return None
    lines = os_release.read_text(encoding="utf-8").splitlines()
    fields = {name: value.strip("\"'") for name, _, value in (line.strip().partition("=") for line in lines)}
    return (fields.get("VERSION_CODENAME") or None) if fields.get("ID") == "debian" else None


def host_apt_source(codename: str, folder: Path = SOURCES) -> AptSource:
    """The mirror that the host itself uses for `codename`'s main archive.

    Understands deb822 files and one-line lists. Other vendors name their suites
    after Debian's, so a source that Debian's own key signs comes first.
    Raises SetupError when no source of the host names the suite.
    """
    parts = folder / "sources.list.d"
    files = [
        *((path, deb822_sources) for path in sorted(parts.glob("*.sources"))),
        *((path, one_line_sources) for path in [folder / "sources.list", *sorted(parts.glob("*.list"))]),
    ]
    found = [
        source
        for path, parse in files
        if path.is_file()
        for source in parse(path.read_text(encoding="utf-8"), codename)
    ]
    if not found:
        raise SetupError(
            f"no apt source of this host serves Debian {codename} main, so its packages cannot be found.\n"
            f"  Add one under {folder}/sources.list.d and run the command again."
        )
    chosen = next((source for source in found if source.is_signed_by_debian), found[0])
    return replace(chosen, uri=direct_uri(chosen.uri))


def deb822_sources(text: str, codename: str) -> list[AptSource]:
    """The sources in a deb822 file that serve `codename` main."""
    return [
        AptSource(uri.rstrip("/"), keyring(stanza.get("signed-by", "")))
        for stanza in map(_fields, re.split(r"\n\s*\n", text))
        if "deb" in stanza.get("types", "").split()
        and codename in stanza.get("suites", "").split()
        and "main" in stanza.get("components", "").split()
        and stanza.get("enabled", "yes").lower() not in SWITCHED_OFF
        for uri in stanza.get("uris", "").split()[:1]
    ]


def _fields(stanza: str) -> dict[str, str]:
    """The fields of one stanza by lower-case name; lines that continue a field are joined to it."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if not line[:1].isspace():
            name, _, line = line.partition(":")
            name = name.strip().lower()
        fields[name] = f"{fields.get(name, '')} {line.strip()}".strip()
    return fields


def one_line_sources(text: str, codename: str) -> list[AptSource]:
    """The sources in a one-line list that serve `codename` main."""
    lines = (ONE_LINE_SOURCE.match(line.partition("#")[0]) for line in text.splitlines())
    return [
        AptSource(match["uri"].rstrip("/"), keyring(_signed_by(match["options"] or "")))
        for match in lines
        if match and match["suite"] == codename and "main" in match["components"].split()
    ]


def _signed_by(options: str) -> str:
    match = re.search(r"(?:^|\s)signed-by=(\S+)", options, re.IGNORECASE)
    return match[1] if match else ""


def keyring(signed_by: str) -> str:
    """The first keyring file that a Signed-By names.

    A fingerprint, or a key written into the source itself, is no file that
    another program could be given; Debian's own keyring stands in for it.
    """
    files = (part for part in re.split(r"[\s,]+", signed_by) if part.startswith("/"))
    return next(files, DEFAULT_KEYRING)


def direct_uri(uri: str) -> str:
    """`uri` itself, or the first mirror in the list on this host that it stands for.

    Debian's images for clouds have such a list; apt follows it, debootstrap does not.
    """
    prefix = "mirror+file:"
    if not uri.startswith(prefix):
        return uri
    mirrors = Path("/" + uri.removeprefix(prefix).lstrip("/"))
    lines = mirrors.read_text(encoding="utf-8").splitlines() if mirrors.is_file() else []
    # What follows the address on a line is its priority.
    listed = (line.split()[0].rstrip("/") for line in lines if line.strip() and not line.startswith("#"))
    return next(listed, uri)


def suite_source(source: AptSource, suite: str) -> str:
    """The deb822 text of another suite on the same mirror."""
    return (
        f"Types: deb\nURIs: {source.uri}\nSuites: {suite}\nComponents: main\nSigned-By: {source.signed_by}\n"
    )


def add_suite(source: AptSource, suite: str, folder: Path = SOURCES) -> None:
    """Let apt know another suite of the same mirror, for packages that are asked for by name."""
    _write(folder / "sources.list.d" / f"slipway-{suite}.sources", suite_source(source, suite))
    _write(folder / "preferences.d" / f"slipway-{suite}", PIN.format(suite=suite))


def install_packages(packages: Sequence[str], source: AptSource, suite: str | None) -> None:
    """Install `packages` without their recommendations, from `suite` where one is named.

    Raises SetupError with apt's own last lines.
    """
    if suite:
        add_suite(source, suite)
    wanted = [f"{package}/{suite}" if suite else package for package in packages]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update"],
        # Nothing that the host has is given up for what we want.
        ["apt-get", "install", "--yes", "--no-install-recommends", "--no-remove", *wanted],
    ):
        if logged(command, APT_LOG, env) != 0:
            raise SetupError(
                f"`{' '.join(command)}` failed; no network, or another apt is running. "
                f"Its last lines ({relative(APT_LOG)}):\n{tail(APT_LOG)}"
            )


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
