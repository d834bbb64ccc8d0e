"""A verb's figures as JSON, for people and programs that were not there."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any


def write_figures(record: Any, file: Path) -> None:
    """Replace `file` with a dataclass' fields, whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    unfinished.replace(file)
