"""What docs/parity.md says is implemented."""

import re

from scripts.commands import ROOT

PARITY = ROOT / "docs" / "parity.md"


def documented() -> list[tuple[str, str]]:
    """The (service, operation) pairs of the tables, in their order."""
    found: list[tuple[str, str]] = []
    service = ""
    for line in PARITY.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"## ([a-z-]+)", line):
            service = heading[1]
        elif row := re.match(r"\| `(\w+)` \|", line):
            found.append((service, row[1]))
    return found
