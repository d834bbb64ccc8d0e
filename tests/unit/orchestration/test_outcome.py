import hashlib
import io
import tarfile

import pytest

from orchestration.errors import PipelineError
from orchestration.outcome import compared, features_detail, ingest_detail, missed, model_digest
from orchestration.project_file import load_project

BANK = load_project("bank", ("metric.threshold=0.95",))


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("_", "."))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_a_miss_says_which_metric_and_by_how_much() -> None:
    text = missed(BANK, {"accuracy": 0.8812})

    assert text.startswith("accuracy 0.8812 misses the threshold 0.9500 by 0.0688")


@pytest.mark.parametrize(
    ("value", "expected"), [(0.96, "accuracy 0.9600 ≥ 0.9500"), (0.8, "accuracy 0.8000 < 0.9500")]
)
def test_a_comparison_is_shown(value: float, expected: str) -> None:
    assert compared(BANK, {"accuracy": value}) == expected


def test_a_models_digest_is_that_of_the_model_not_of_the_archive() -> None:
    assert model_digest(archive(model_ubj=b"trees"), "model.ubj") == hashlib.sha256(b"trees").hexdigest()


def test_an_archive_without_a_model_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"no model\.ubj"):
        model_digest(archive(other_txt=b""), "model.ubj")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((41472, 41472, 0), "41,472 records into bank-encodings-0 in 8.3 s"),
        ((41472, 40000, 1472), "40,000 records into bank-encodings-0 in 8.3 s, 1,472 were there"),
        ((41472, 0, 41472), "all 41,472 records are in bank-encodings-0"),
    ],
)
def test_what_was_ingested_is_counted(counts: tuple[int, int, int], expected: str) -> None:
    records, written, already_there = counts
    report = {
        "feature_group_name": "bank-encodings-0",
        "records": records,
        "written": written,
        "already_there": already_there,
        "seconds": 8.31,
    }

    assert ingest_detail(report) == expected


def test_what_was_read_by_sql_is_counted() -> None:
    said = features_detail({"rows": 32552, "distinct_keys": 4321})

    assert said == "32,552 rows with the columns of 4,321 records, read by SQL"
