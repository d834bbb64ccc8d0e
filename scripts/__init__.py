"""What the Makefile's verbs do on this machine: standard library only, any Python from 3.11 on."""

import sys


def check_python(version: "tuple[int, ...]") -> None:
    """End the program in words where its interpreter is too old for the project."""
    if version < (3, 11):
        sys.exit(
            "slipway: Python {}.{} is too old; 3.11 or newer is needed.\n"
            "  Point PYTHON at one: make setup PYTHON=python3.12".format(*version)
        )


# Here and not in a verb: an older Python ends at a verb's first import, in
# words that help nobody. So this file alone is written for Pythons before 3.11.
check_python(sys.version_info[:2])
