from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import apt
from scripts.apt import AptSource, add_suite, debian_codename, host_apt_source, install_packages
from scripts.commands import SetupError

DEBIAN_KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEBIAN = AptSource("http://mirror.example/debian", DEBIAN_KEY)

# /etc/apt/sources.list.d/debian.sources as Debian's own container image has it.
CONTAINER = f"""\
Types: deb
# http://snapshot.debian.org/archive/debian/20250520T000000Z
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: {DEBIAN_KEY}

Types: deb
# http://snapshot.debian.org/archive/debian-security/20250520T000000Z
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: {DEBIAN_KEY}
"""
# Fields that go on in the next lines, and a key in the text itself: sources.list(5).
FOLDED = """\
Types: deb deb-src
URIs:
  https://mirror.example/debian/
  https://second.example/debian
Suites: bookworm
 bookworm-updates
Components: contrib
 main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBFnDIIgBEAC=
 -----END PGP PUBLIC KEY BLOCK-----
"""


@pytest.fixture
def etc_apt(tmp_path: Path) -> Path:
    (tmp_path / "apt" / "sources.list.d").mkdir(parents=True)
    return tmp_path / "apt"


def write(etc_apt: Path, name: str, text: str) -> None:
    (etc_apt / name).write_text(text, encoding="utf-8")


def stanza(**changes: str) -> str:
    fields = {
        "Types": "deb",
        "URIs": "http://m/debian",
        "Suites": "bookworm",
        "Components": "main",
        **changes,
    }
    return "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())


@pytest.mark.parametrize(
    ("text", "codename"),
    [
        ('ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12"\n', "bookworm"),
        ("ID=\"debian\"\nVERSION_CODENAME='trixie'\n", "trixie"),
        ("# a comment\n\nID=debian\nVERSION_CODENAME=trixie\n", "trixie"),
        ("ID=debian\n", None),
        ("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n", None),
        ("", None),
    ],
)
def test_a_host_is_debian_where_its_own_file_says_so(tmp_path: Path, text: str, codename: str | None) -> None:
    # os-release(5): values may be in either kind of quotes.
    (tmp_path / "os-release").write_text(text, encoding="utf-8")

    assert debian_codename(tmp_path / "os-release") == codename


def test_a_host_without_that_file_is_not_debian(tmp_path: Path) -> None:
    assert debian_codename(tmp_path / "os-release") is None


def test_the_mirror_of_debians_own_container_image_is_found(etc_apt: Path) -> None:
    write(etc_apt, "sources.list.d/debian.sources", CONTAINER)

    assert host_apt_source("bookworm", etc_apt) == DEBIAN


def test_fields_may_go_on_in_the_next_lines(etc_apt: Path) -> None:
    write(etc_apt, "sources.list.d/debian.sources", FOLDED)

    # A key in the text is no file for debootstrap's --keyring.
    assert host_apt_source("bookworm", etc_apt) == AptSource("https://mirror.example/debian", DEBIAN_KEY)


@pytest.mark.parametrize(
    ("signed_by", "keyring"),
    [
        ("/etc/apt/keyrings/m.gpg", "/etc/apt/keyrings/m.gpg"),
        ("/etc/apt/keyrings/m.gpg, /etc/apt/keyrings/n.gpg", "/etc/apt/keyrings/m.gpg"),
        ("0123456789ABCDEF0123456789ABCDEF01234567", DEBIAN_KEY),
        ("", DEBIAN_KEY),
    ],
)
def test_the_keyring_is_the_first_file_that_signs(etc_apt: Path, signed_by: str, keyring: str) -> None:
    write(etc_apt, "sources.list.d/m.sources", stanza(Signed_By=signed_by))

    assert host_apt_source("bookworm", etc_apt).signed_by == keyring


@pytest.mark.parametrize(
    "changes",
    [
        {"Types": "deb-src"},
        {"Suites": "bookworm-security"},
        {"Suites": "trixie"},
        {"Components": "contrib non-free"},
        {"Enabled": "no"},
        {"Enabled": "False"},
        {"URIs": ""},
    ],
)
def test_a_stanza_that_does_not_serve_the_suite_is_passed_over(
    etc_apt: Path, changes: dict[str, str]
) -> None:
    write(etc_apt, "sources.list.d/m.sources", stanza(**changes) + "\n\n" + CONTAINER)

    assert host_apt_source("bookworm", etc_apt) == DEBIAN


def test_a_stanza_that_is_switched_on_serves(etc_apt: Path) -> None:
    write(etc_apt, "sources.list.d/m.sources", stanza(Enabled="yes"))

    assert host_apt_source("bookworm", etc_apt).uri == "http://m/debian"


@pytest.mark.parametrize(
    ("line", "signed_by"),
    [
        ("deb http://m/debian bookworm main", DEBIAN_KEY),
        ("deb http://m/debian/ bookworm main contrib non-free-firmware", DEBIAN_KEY),
        ("  deb\thttp://m/debian\tbookworm\tmain  # the mirror", DEBIAN_KEY),
        ("deb [signed-by=/k.gpg] http://m/debian bookworm main", "/k.gpg"),
        ("deb [arch=amd64 signed-by=/k.gpg] http://m/debian bookworm main", "/k.gpg"),
        ("deb [ arch=amd64,arm64 signed-by=/k.gpg,/l.gpg ] http://m/debian bookworm main", "/k.gpg"),
        ("deb [trusted=yes] http://m/debian bookworm contrib main", DEBIAN_KEY),
    ],
)
def test_one_line_sources_are_understood(etc_apt: Path, line: str, signed_by: str) -> None:
    # sources.list(5): deb [ options ] uri suite [component1] [component2] [...]
    write(etc_apt, "sources.list", f"deb-src http://src/debian bookworm main\n{line}\n")

    assert host_apt_source("bookworm", etc_apt) == AptSource("http://m/debian", signed_by)


@pytest.mark.parametrize(
    "line",
    [
        "# deb http://m/debian bookworm main",
        "deb-src http://m/debian bookworm main",
        "deb http://m/debian bookworm-updates main",
        "deb http://m/debian bookworm contrib # not main",
        "deb cdrom:[Debian GNU/Linux 12 _Bookworm_ - Official amd64]/ bookworm main",
        "deb http://m/debian bookworm/",
        "",
    ],
)
def test_a_line_that_does_not_serve_the_suite_is_passed_over(etc_apt: Path, line: str) -> None:
    write(etc_apt, "sources.list", f"{line}\ndeb http://mirror.example/debian bookworm main\n")

    assert host_apt_source("bookworm", etc_apt) == DEBIAN


def test_lists_in_the_folder_are_read_and_others_are_not(etc_apt: Path) -> None:
    write(etc_apt, "sources.list.d/old.list.disabled", "deb http://old/debian bookworm main\n")
    write(etc_apt, "sources.list.d/debian.list", "deb http://m/debian bookworm main\n")

    assert host_apt_source("bookworm", etc_apt).uri == "http://m/debian"


def test_another_vendor_with_a_suite_of_the_same_name_comes_last(etc_apt: Path) -> None:
    # HashiCorp's and Microsoft's instructions add such sources.
    vendor = "/usr/share/keyrings/vendor.gpg"
    write(
        etc_apt,
        "sources.list.d/a.sources",
        stanza(URIs="https://vendor.example", Signed_By=vendor),
    )
    assert host_apt_source("bookworm", etc_apt) == AptSource("https://vendor.example", vendor)

    write(etc_apt, "sources.list", "deb http://mirror.example/debian bookworm main\n")

    assert host_apt_source("bookworm", etc_apt) == DEBIAN


def test_a_list_of_mirrors_stands_for_its_first(etc_apt: Path) -> None:
    # Debian's images for clouds: mirror+file, apt-transport-mirror(1).
    write(etc_apt, "mirrors.list", "# nearest\nhttps://near.example/debian/\tpriority:1\nhttp://far/debian\n")
    write(etc_apt, "sources.list.d/debian.sources", stanza(URIs=f"mirror+file://{etc_apt}/mirrors.list"))

    assert host_apt_source("bookworm", etc_apt).uri == "https://near.example/debian"


def test_a_host_without_such_a_source_is_told_where_to_add_one(etc_apt: Path) -> None:
    write(etc_apt, "sources.list.d/debian.sources", CONTAINER)

    with pytest.raises(SetupError, match=r"serves Debian trixie main.*\n  Add one under .*sources\.list\.d"):
        host_apt_source("trixie", etc_apt)


def test_another_suite_is_taken_from_the_same_mirror_and_upgrades_nothing(etc_apt: Path) -> None:
    add_suite(AptSource("http://m/debian", "/k.gpg"), "trixie", etc_apt)

    added = etc_apt / "sources.list.d" / "slipway-trixie.sources"
    assert added.read_text(encoding="utf-8") == (
        "Types: deb\nURIs: http://m/debian\nSuites: trixie\nComponents: main\nSigned-By: /k.gpg\n"
    )
    # 100 is the priority of an installed version: apt_preferences(5).
    assert (etc_apt / "preferences.d" / "slipway-trixie").read_text(encoding="utf-8") == (
        "Package: *\nPin: release n=trixie\nPin-Priority: 100\n"
    )
    assert host_apt_source("trixie", etc_apt) == AptSource("http://m/debian", "/k.gpg")


def test_packages_are_installed_without_a_question_and_without_removing_any(
    install: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "APT_LOG", tmp_path / "apt.log")
    install("apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {tmp_path}/calls')

    install_packages(["debootstrap"], DEBIAN, suite=None)

    assert (tmp_path / "calls").read_text(encoding="utf-8").splitlines() == [
        "noninteractive update",
        "noninteractive install --yes --no-install-recommends --no-remove debootstrap",
    ]


def test_apts_own_last_lines_are_quoted_where_it_fails(
    install: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "APT_LOG", tmp_path / "apt.log")
    install("apt-get", '[ "$1" = update ] || { echo "E: Unable to locate package nosuch"; exit 100; }')

    with pytest.raises(SetupError, match=r"apt-get install .*nosuch` failed") as raised:
        install_packages(["nosuch"], DEBIAN, suite=None)

    assert str(raised.value).endswith("    E: Unable to locate package nosuch")
