import hashlib
import io
import tarfile

import pytest

from orchestration.errors import PipelineError
from orchestration.outcome import compared, missed, model_digest
from orchestration.project import load_project

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
    assert model_digest(archive(model_ubj=b"trees")) == hashlib.sha256(b"trees").hexdigest()


def test_an_archive_without_a_model_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"no model\.ubj"):
        model_digest(archive(other_txt=b""))
