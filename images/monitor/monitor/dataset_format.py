"""How a dataset is written: Model Monitor's `dataset_format`."""

import json
from dataclasses import dataclass

from smcontract.failure import ContractError

ENDPOINT_INPUT = "endpointInput"
ENDPOINT_OUTPUT = "endpointOutput"
_CAPTURE_INDEXES = (ENDPOINT_INPUT, ENDPOINT_OUTPUT)
_KNOWN = ("csv", "json", "parquet", "sagemakerCaptureJson", "sagemakerMergeJson")


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """Rows of cells; without a header the columns are `_c0`, `_c1` … or those of the baseline."""

    header: bool = True


@dataclass(frozen=True, slots=True)
class JsonLinesFormat:
    """One flat JSON object a line."""


@dataclass(frozen=True, slots=True)
class ParquetFormat:
    """Columns with types."""


@dataclass(frozen=True, slots=True)
class CaptureFormat:
    """What an endpoint captured; `indexes` says which side of a call, in the order of its columns.

    `is_merged` says that each call has its ground truth beside it.
    """

    indexes: tuple[str, ...] = (ENDPOINT_INPUT,)
    is_merged: bool = False


DatasetFormat = CsvFormat | JsonLinesFormat | ParquetFormat | CaptureFormat


def parse_dataset_format(text: str) -> DatasetFormat:
    """What `dataset_format` says, as the developer guide's "Container contract inputs" spells it.

    Raises ContractError for a text that is no format, or one that is not implemented.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ContractError(
            f'dataset_format is not valid JSON ({error}); write for example {{"csv": {{"header": true}}}}.'
        ) from error
    if not isinstance(document, dict) or len(document) != 1:
        raise ContractError(
            f"dataset_format must be a JSON object with one key, one of {', '.join(_KNOWN)}; got {text}."
        )
    ((name, options),) = document.items()
    if not isinstance(options, dict):
        raise ContractError(f"dataset_format: the options of '{name}' must be a JSON object.")
    return _format(name, options)


def _format(name: str, options: dict[str, object]) -> DatasetFormat:
    match name:
        case "csv":
            return CsvFormat(header=_flag(name, options, "header", default=True))
        case "json":
            # The contract's page spells the key `line`, the SDK `lines`.
            lines = _flag(name, options, "lines", _flag(name, options, "line", default=True))
            if not lines:
                raise ContractError(
                    "dataset_format: JSON that is not one object a line is not implemented; "
                    'write the data as JSON Lines and {"json": {"lines": true}}.'
                )
            return JsonLinesFormat()
        case "parquet":
            return ParquetFormat()
        case "sagemakerCaptureJson":
            return CaptureFormat(_indexes(name, options, ENDPOINT_INPUT))
        case "sagemakerMergeJson":
            return CaptureFormat(_indexes(name, options, ENDPOINT_OUTPUT), is_merged=True)
    raise ContractError(f"dataset_format '{name}' is unknown; it can be one of {', '.join(_KNOWN)}.")


def _flag(format_name: str, options: dict[str, object], key: str, default: bool) -> bool:
    value = options.get(key, default)
    if not isinstance(value, bool):
        raise ContractError(f"dataset_format: {format_name}.{key} must be true or false, got {value!r}.")
    return value


def _indexes(format_name: str, options: dict[str, object], default: str) -> tuple[str, ...]:
    names = options.get("captureIndexNames", [default])
    if not isinstance(names, list) or not names or any(name not in _CAPTURE_INDEXES for name in names):
        raise ContractError(
            f"dataset_format: {format_name}.captureIndexNames must be a list of "
            f"{' and '.join(_CAPTURE_INDEXES)}, got {names!r}."
        )
    if len(names) == 1:
        return (str(names[0]),)
    # AWS's words for where the model's answer stands among the columns; its default is START.
    position = options.get("output_columns_position", "START")
    if position not in ("START", "END"):
        raise ContractError(
            f"dataset_format: output_columns_position must be START or END, got {position!r}."
        )
    return (ENDPOINT_OUTPUT, ENDPOINT_INPUT) if position == "START" else _CAPTURE_INDEXES
