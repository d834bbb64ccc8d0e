"""`ingest`: a feature group with every combination's encoded columns, filled once and then left alone.

Not where its offline store has lost all that it had: then every record is written again.
"""

import logging
import time
from typing import Any

from smcontract.entrypoint import StopSignal

from preprocess.aws import client
from preprocess.combinations import Combinations
from preprocess.feature_arguments import GroupSettings, IngestSettings
from preprocess.feature_group import (
    OFFLINE_RECORDS_TAG,
    Description,
    ensure_group,
    has_offline_objects,
    note_records,
    records_of,
)
from preprocess.feature_records import Filled, fill
from preprocess.group_records import GroupRecords
from preprocess.outputs import StagedOutputs, remove_earlier, write_json
from preprocess.schema import read_schema

log = logging.getLogger(__name__)

REPORT = "ingest/ingest.json"


def ingest(settings: IngestSettings, stop: StopSignal) -> None:
    """Make and fill the group of the schema's combinations; one that is full already is left as it is.

    Raises ContractError for whatever the caller can mend. What was written
    before stays: the next job goes on from there.
    """
    remove_earlier(settings.output, [REPORT])
    fill_group(Combinations.of(read_schema(settings.schema)), settings, stop)


def fill_group(records: GroupRecords, settings: GroupSettings, stop: StopSignal) -> None:
    """Make and fill the group of these records, and report it. Raises ContractError."""
    started = time.perf_counter()
    name = records.group_name(settings.feature_group_prefix)
    sagemaker = client("sagemaker")
    described = ensure_group(sagemaker, name, records, settings, stop)
    is_lost = _is_lost(sagemaker, described)
    if records_of(sagemaker, described) == len(records) and not is_lost:
        filled = Filled(written=0, already_there=len(records))
    else:
        if is_lost:
            log.info("ingest.offline_store_lost feature_group=%s", name)
            # A job that ends before its time leaves the next one the same to do.
            note_records(sagemaker, described, 0)
        filled = fill(client("sagemaker-featurestore-runtime"), name, records, stop, is_again=is_lost)
        note_records(sagemaker, described, len(records))
    seconds = time.perf_counter() - started
    with StagedOutputs(settings.output) as outputs:
        write_json(
            outputs,
            REPORT,
            {
                "feature_group_name": name,
                "records": len(records),
                "written": filled.written,
                "already_there": filled.already_there,
                "seconds": round(seconds, 3),
            },
        )
        outputs.commit()
    log.info(
        "ingest.done feature_group=%s records=%d written=%d seconds=%.3f",
        name,
        len(records),
        filled.written,
        seconds,
    )


def _is_lost(sagemaker: Any, described: Description) -> bool:
    """Whether the offline store had its records and has nothing any more.

    One that nobody has read yet may only be behind.
    """
    had = records_of(sagemaker, described, OFFLINE_RECORDS_TAG)
    return had is not None and not has_offline_objects(client("s3"), described)
