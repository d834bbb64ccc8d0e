"""Reading and writing the job's JSON files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError


def read_document(path: Path, what: str) -> dict[str, Any]:
    """The JSON object in `path`. Raises ContractError that calls it `what` where there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise ContractError(
            f"{what} {path} is not valid JSON ({error}); give the file of a baseline job."
        ) from None
    if not isinstance(document, dict):
        raise ContractError(f"{what} {path} holds no JSON object; give the file of a baseline job.")
    return document


def write_documents(folder: Path, documents: Mapping[str, Mapping[str, Any] | str]) -> None:
    """Write each document under its name, text as it is; a name appears when all of its file is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        text = document if isinstance(document, str) else _as_json(document)
        staged = folder / f".{name}"
        staged.write_text(text, encoding="utf-8")
        staged.replace(folder / name)


def _as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, allow_nan=False) + "\n"
