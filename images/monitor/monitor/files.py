"""Reading and writing the job's JSON files."""

import json
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


def write_documents(folder: Path, documents: dict[str, dict[str, Any]]) -> None:
    """Write each document under its name; a name appears when all of its file is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        staged = folder / f".{name}"
        staged.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        staged.replace(folder / name)
