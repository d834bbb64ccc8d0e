"""What the preprocess image's README says of failures."""

import re

from scripts.commands import ROOT

README = ROOT / "images" / "preprocess" / "README.md"


def documented_messages() -> dict[str, str]:
    """What is wrong, and the message for it, from the README's table."""
    text = README.read_text(encoding="utf-8").partition("## Failures")[2]
    return dict(re.findall(r"^\| ([^|]+) \| `(.+?)` \|$", text, re.MULTILINE))


def says(message: str, documented: str) -> bool:
    """Whether `message` is the documented one, whose … stand for anything."""
    return re.fullmatch(".*".join(map(re.escape, documented.split("…"))), message) is not None
