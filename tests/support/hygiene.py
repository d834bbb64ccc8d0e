"""What of ours the Docker Engine holds: the tests must leave as much as they found."""

import subprocess
from dataclasses import dataclass
from typing import Self

import pytest

LABEL = "label=slipway"
LISTINGS = {
    "container": ("ps", "--all", "--format", "{{.ID}} {{.Names}}"),
    "network": ("network", "ls", "--format", "{{.ID}} {{.Name}}"),
    "volume": ("volume", "ls", "--format", "{{.Name}}"),
}


@dataclass(frozen=True, slots=True)
class Ours:
    """Containers, networks and volumes that carry our label."""

    things: frozenset[tuple[str, str]]

    @classmethod
    def now(cls) -> Self:
        """What there is at this moment; nothing where no engine answers."""
        return cls(frozenset((kind, line) for kind, listing in LISTINGS.items() for line in lines(*listing)))

    def __sub__(self, other: "Ours") -> list[str]:
        """What is here and not in `other`."""
        return sorted(f"{kind} {name}" for kind, name in self.things - other.things)


def lines(*listing: str) -> list[str]:
    """What `docker` lists under our label."""
    try:
        listed = subprocess.run(
            ["docker", *listing, "--filter", LABEL], check=False, capture_output=True, text=True
        )
    except FileNotFoundError:
        return []
    return listed.stdout.splitlines() if listed.returncode == 0 else []


def complain_of(left: list[str], session: pytest.Session) -> None:
    """Report an error of the whole run, of no test: where several processes test, nobody's alone."""
    complaint = pytest.TestReport(
        nodeid="tests/conftest.py::nothing_is_left",
        location=("tests/conftest.py", None, "nothing_is_left"),
        keywords={},
        outcome="failed",
        longrepr=f"the tests, or something that ran beside them, left behind: {left}",
        when="teardown",
    )
    session.config.hook.pytest_runtest_logreport(report=complaint)
    if session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
