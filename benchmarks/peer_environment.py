"""Environments that peers from the package index run in, apart from the project's own."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.commands import ROOT, SetupError, capture

ENVIRONMENTS = ROOT / "build" / "peers"


def peer_python(module: str, requirements: Sequence[str]) -> Path:
    """An interpreter that can import `module`; its environment is made where it is not there yet.

    Raises SetupError with pip's last lines.
    """
    folder = ENVIRONMENTS / requirements[0].replace("==", "-")
    python = folder / "bin" / "python"
    if capture([str(python), "-c", f"import {module}"], 120).returncode == 0:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    made = capture([sys.executable, "-m", "venv", str(folder)], 120)
    if made.returncode == 0:
        made = capture([str(folder / "bin" / "pip"), "install", "-q", *requirements], 900)
    if made.returncode != 0:
        raise SetupError(f"{requirements[0]} cannot be installed to compare with:\n{made.stderr[-800:]}")
    return python
