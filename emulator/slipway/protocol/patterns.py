"""The patterns of the service models, which are Java's, as Python reads them."""

import re
import unicodedata
from functools import cache

# Named classes of ASCII (java.util.regex.Pattern, "POSIX character classes").
ASCII_CLASSES = {"ASCII": r"\x00-\x7f", "Alnum": "a-zA-Z0-9", "Print": r"\x20-\x7e"}
NAMED_CLASS = re.compile(r"\\p\{(\w+)\}")
CHARACTER_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\p\{\w+\}")
LAST_CODE_POINT = 0x10FFFF

# Two patterns match some texts in more ways than anybody can try, so that a request could keep a
# thread for ever. These match the same texts in one way each.
SAME_IN_ONE_WAY = {
    "[a-z0-9]([-a-z0-9]*[a-z0-9]){0,39}?": "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    r"https://([.\-_a-zA-Z0-9]+/?){3,1016}": (
        r"https://(?=([.\-_a-zA-Z0-9]/?){3})[.\-_a-zA-Z0-9]+(/[.\-_a-zA-Z0-9]+){0,1015}/?"
    ),
}


@cache
def java_pattern(pattern: str) -> re.Pattern[str]:
    """`pattern`, compiled; \\d, \\w and \\s are ASCII's, as they are in Java."""
    # Java writes what lies beyond 16 bits as pairs, and lets an anchor repeat.
    translated = (
        SAME_IN_ONE_WAY.get(pattern, pattern)
        .replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010ffff")
        .replace("${1,128}", "$")
        .replace("${1,256}", "$")
        .replace(r"\z", r"\Z")
    )
    return re.compile(CHARACTER_CLASS.sub(_class, translated), re.ASCII)


def _class(found: re.Match[str]) -> str:
    text = found.group()
    inner = NAMED_CLASS.sub(lambda name: ASCII_CLASSES.get(name[1]) or _category(name[1]), text)
    return inner if text.startswith("[") else f"[{inner}]"


@cache
def _category(major: str) -> str:
    """Unicode's characters of a category, such as L, as ranges."""
    return _ranges()[major]


@cache
def _ranges() -> dict[str, str]:
    """The ranges of every major category."""
    starts: dict[str, list[str]] = {}
    begin, category = 0, unicodedata.category("\0")[0]
    for code in range(1, LAST_CODE_POINT + 2):
        after = unicodedata.category(chr(code))[0] if code <= LAST_CODE_POINT else ""
        if after != category:
            starts.setdefault(category, []).append(f"\\U{begin:08x}-\\U{code - 1:08x}")
            begin, category = code, after
    return {name: "".join(ranges) for name, ranges in starts.items()}
