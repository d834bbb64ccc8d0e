"""The image's commands: which words choose them, and what each of them imports."""

import subprocess
import sys
from pathlib import Path

import pytest
from preprocess.__main__ import main
from smcontract.root import ContainerRoot

LOADED = "import sys, preprocess.{module}; print(*(name for name in {names} if name in sys.modules))"
AWS = ("boto3", "botocore")
NUMBERS = ("numpy", "pyarrow", "sklearn")


def loaded(module: str, names: tuple[str, ...]) -> list[str]:
    """Which of the modules `names` are loaded once that one of ours is."""
    program = LOADED.format(module=module, names=names)
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return ended.stdout.split()


def test_the_plain_job_does_not_wait_for_aws_s_client() -> None:
    assert loaded("job", AWS) == []
    assert loaded("ingest", AWS) == [*AWS]


def test_ingest_and_features_do_not_wait_for_what_they_have_no_use_for() -> None:
    assert loaded("ingest", NUMBERS) == []
    assert "sklearn" not in loaded("features", NUMBERS)
    assert "sklearn" in loaded("job", NUMBERS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ingest"], "--role-arn"),
        (["features"], "--feature-group-name"),
        (["--seed", "-1"], "--seed"),
        (["ingested"], "ingested"),
    ],
)
def test_the_first_word_chooses_the_command(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ContainerRoot(tmp_path)

    assert main(arguments, root) == 1

    assert told in root.message_file.read_text()
    assert told in capsys.readouterr().err
