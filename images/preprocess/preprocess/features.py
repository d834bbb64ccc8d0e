"""`features`: the channels that preprocess wrote, their encoded columns as the feature store has them."""

import csv
import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

from preprocess.aws import client, refuse_to_go_on
from preprocess.combinations import Combinations
from preprocess.feature_arguments import FeaturesSettings
from preprocess.feature_group import OFFLINE_RECORDS_TAG, described_group, note_records, records_of
from preprocess.offline_store import OfflineStore, StoredColumns
from preprocess.outputs import StagedOutputs, remove_earlier, write_bytes, write_json
from preprocess.schema import read_schema

log = logging.getLogger(__name__)

REPORT = "features/features.json"
# Preprocess names a part's file, and that of its keys, after the part.
PARTS = {"train": "train/train.csv", "validation": "validation/validation.csv"}


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of a channel's file and the key of each of them."""

    name: str
    lines: list[str]
    keys: list[str]


def features(settings: FeaturesSettings, stop: StopSignal) -> None:
    """Write the channels again, the encoded columns read from the offline store by SQL.

    Raises ContractError for whatever the caller can mend, and for a record
    that is missing or that is not what the encoder gives: what is looked up
    later must be what was trained on.
    """
    remove_earlier(settings.output, (*PARTS.values(), REPORT))
    combinations = Combinations.of(read_schema(settings.schema))
    parts = list(read_parts(settings.data))
    stored = _stored(settings, combinations, stop)
    log.info("features.read query=%s records=%d", stored.query_execution_id, len(stored.by_key))
    with StagedOutputs(settings.output) as outputs:
        for part in parts:
            content = looked_up(part, stored.by_key, combinations.encoded_names)
            write_bytes(outputs, PARTS[part.name], content.encode())
        write_json(
            outputs,
            REPORT,
            {
                "feature_group_name": settings.feature_group_name,
                "records": len(stored.by_key),
                "query_execution_id": stored.query_execution_id,
                "rows": sum(len(part.lines) for part in parts),
                "distinct_keys": len({key for part in parts for key in part.keys}),
            },
        )
        refuse_to_go_on(stop)
        outputs.commit()


def read_parts(folder: Path) -> Iterator[Part]:
    """The parts that preprocess left below `folder`; one of share 0 has no file.

    Raises ContractError where there is no training part, or rows lack their keys.
    """
    for name, file in PARTS.items():
        path = folder / file
        if not path.is_file() and name != "train":
            continue
        lines = _text(path).removesuffix("\n").split("\n")
        keys_file = folder / "keys" / path.name
        keys = [row[0] for row in csv.reader(io.StringIO(_text(keys_file), newline=""))]
        if len(keys) != len(lines):
            raise ContractError(
                f"{keys_file} has {len(keys):,} keys and {path} {len(lines):,} rows; "
                "give both as one run of preprocess wrote them."
            )
        yield Part(name, lines, keys)


def looked_up(part: Part, columns_by_key: dict[str, str], names: Sequence[str]) -> str:
    """The part's lines with the columns that the store has. Raises ContractError where they are others."""
    lines = []
    for row, (line, key) in enumerate(zip(part.lines, part.keys, strict=True), start=1):
        where = f"row {row:,} of {part.name}, key '{key}'"
        if (stored := columns_by_key.get(key)) is None:
            raise ContractError(
                f"{where}: the feature group has no such record; delete the group and ingest it again."
            )
        label_and_numbers, *encoded = line.rsplit(",", len(names))
        if len(encoded) != len(names):
            raise ContractError(f"{where}: the row has fewer columns than the schema's categories.")
        for name, given, found in zip(names, encoded, stored.split(","), strict=True):
            if given != found:
                raise ContractError(
                    f"{where}, column '{name}': the feature group has '{found}', the encoder gives "
                    f"'{given}'; somebody else wrote that record. Delete the group and ingest it again."
                )
        lines.append(f"{label_and_numbers},{stored}\n")
    return "".join(lines)


def _stored(settings: FeaturesSettings, combinations: Combinations, stop: StopSignal) -> StoredColumns:
    sagemaker, name = client("sagemaker"), settings.feature_group_name
    group = described_group(sagemaker, name, combinations)
    records = records_of(sagemaker, group)
    if records != len(combinations):
        told = "is not filled yet" if records is None else f"has {records:,} records"
        raise ContractError(
            f"feature group {name} {told}, and the schema's categories have {len(combinations):,} "
            "combinations; let ingest come to its end first."
        )
    store = OfflineStore(client("athena"), client("s3"), group, settings.query_results_uri, stop)
    stored = store.columns(combinations.encoded_names, records, settings.wait_seconds)
    if records_of(sagemaker, group, OFFLINE_RECORDS_TAG) != records:
        # `ingest` can then tell a store that was lost from one that is behind.
        note_records(sagemaker, group, records, OFFLINE_RECORDS_TAG)
    return stored


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise ContractError(
            f"{path} is missing; give the outputs train, validation and keys of preprocess."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{path} cannot be read ({error}); check the data input.") from error
