"""The image's commands: which words choose them, and what each of them imports."""

import subprocess
import sys
from pathlib import Path

import pytest
from preprocess.__main__ import main
from smcontract.root import ContainerRoot

LOADED = "import sys, preprocess.{module}; print(*(name for name in {names} if name in sys.modules))"
AWS = ("boto3", "botocore")
FORECASTING = '{"version": 1, "problem_type": "Forecasting"}'
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
    assert loaded("forecasting.ingest_places", NUMBERS) == []
    assert "sklearn" not in loaded("forecasting.job", NUMBERS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ingest"], "--role-arn"),
        (["ingest-places"], "--role-arn"),
        (["features"], "--feature-group-name"),
        (["forecast-actuals", "--window", "1"], "--window"),
        (["append", "--on-bad-rows", "mend"], "mend"),
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


def test_the_schema_chooses_what_is_made_of_the_rows(tmp_path: Path) -> None:
    root = ContainerRoot(tmp_path)
    schema = root.processing / "input" / "schema" / "schema.json"
    schema.parent.mkdir(parents=True)

    for text, told in (('{"version": 1}', "target is missing"), (FORECASTING, "frequency is missing")):
        schema.write_text(text)

        assert main([], root) == 1

        assert told in root.message_file.read_text()
