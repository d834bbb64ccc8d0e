"""A user's scripts, and what is told of them when they fail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from monitor.scripts import InferenceRecord, Preprocessor, postprocess
from smcontract.failure import ContractError

RECORD = InferenceRecord(
    {
        "captureData": {
            "endpointInput": {
                "data": "1,2",
                "encoding": "CSV",
                "observedContentType": "text/csv",
                "mode": "INPUT",
            }
        },
        "eventMetadata": {
            "eventId": "e",
            "inferenceTime": "2026-01-01T00:00:00Z",
            "customAttributes": ["k=v"],
        },
        "groundTruthData": {"data": "yes", "encoding": "CSV"},
    }
)
Write = Callable[[str], Path]


@pytest.fixture
def script(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "user.py"
        path.write_text(text)
        return path

    return write


def handler(body: str) -> str:
    return f"import math\n\ndef preprocess_handler(record):\n    {body}\n"


def test_a_record_has_the_names_that_the_contract_gives_it(script: Write) -> None:
    names = """[{
        "data": record.endpoint_input.data, "encoding": record.endpoint_input.encoding,
        "type": record.endpoint_input.observedContentType, "mode": record.endpoint_input.mode,
        "output": record.endpoint_output is None, "batch": record.batch_transform_output is None,
        "truth": record.ground_truth.data, "id": record.event_metadata.event_id,
        "time": record.event_metadata.event_time, "attribute": record.event_metadata.custom_attribute[0],
    }]"""

    assert Preprocessor(script(handler(f"return {names}"))).records(RECORD, "here") == [
        {
            "data": "1,2",
            "encoding": "CSV",
            "type": "text/csv",
            "mode": "INPUT",
            "output": "true",
            "batch": "true",
            "truth": "yes",
            "id": "e",
            "time": "2026-01-01T00:00:00Z",
            "attribute": "k=v",
        }
    ]


def test_a_line_of_csv_comes_as_it_stands(script: Write) -> None:
    preprocessor = Preprocessor(script(handler("return dict(enumerate(record.split(',')))")))

    assert preprocessor.records("1,2", "here") == [{"0": "1", "1": "2"}]


@pytest.mark.parametrize("parameters", ["record, logger", "record, logger=None", "*everything"])
def test_a_handler_that_takes_a_logger_gets_one(
    script: Write, caplog: pytest.LogCaptureFixture, parameters: str
) -> None:
    text = f"def preprocess_handler({parameters}):\n    {{logger}}.warning('seen')\n    return []\n"
    path = script(text.format(logger="everything[1]" if "*" in parameters else "logger"))

    assert Preprocessor(path).records(RECORD, "here") == []
    assert caplog.messages == ["seen"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (handler("return 1 / 0"), ", line 4 on line 7 of c.jsonl: ZeroDivisionError: division by zero"),
        (handler("return math.sqrt(-1)"), ", line 4 on line 7 of c.jsonl: ValueError: "),
        # The library's own lines are none of the script's.
        (
            "import json\ndef preprocess_handler(record):\n    json.loads('{')\n",
            ", line 3 on line 7 of c.jsonl: JSON",
        ),
        (handler("raise SystemExit(3)"), ", line 4 on line 7 of c.jsonl: SystemExit: 3"),
        (
            handler("return None"),
            " on line 7 of c.jsonl: preprocess_handler returned None; it must return a dict",
        ),
        (handler("return ['a']"), " on line 7 of c.jsonl: preprocess_handler returned 'a'; it must"),
        (
            handler("return {'a': [1]}"),
            " on line 7 of c.jsonl: preprocess_handler returned [1] as 'a'; a value",
        ),
        ("def preprocess_handler(record:\n", ", line 1: SyntaxError: "),
        ("\nimport nothing_of_this_name\n", ", line 2: ModuleNotFoundError: "),
        ("def other():\n    pass\n", " has no function preprocess_handler; define it."),
    ],
)
def test_what_is_wrong_with_a_script_is_told_with_its_line_and_the_records_place(
    script: Write, text: str, told: str
) -> None:
    path = script(text)

    with pytest.raises(ContractError) as error:
        Preprocessor(path).records(RECORD, "line 7 of c.jsonl")

    assert str(error.value).startswith(f"record_preprocessor_script {path}{told}")


def test_a_script_after_the_analysis_runs_once(script: Write, tmp_path: Path) -> None:
    done = tmp_path / "done"

    postprocess(script(f"import os\n\ndef postprocess_handler():\n    os.mkdir({str(done)!r})\n"))

    assert done.is_dir()


def test_what_a_script_after_the_analysis_raises_is_told(script: Write) -> None:
    path = script("def postprocess_handler():\n    raise OSError('no mail today')\n")

    with pytest.raises(ContractError) as error:
        postprocess(path)

    assert str(error.value) == f"post_analytics_processor_script {path}, line 2: OSError: no mail today"


def test_a_file_of_another_kind_is_no_script(tmp_path: Path) -> None:
    path = tmp_path / "script.sh"
    path.touch()

    with pytest.raises(ContractError, match=r"record_preprocessor_script=.* is no \.py file"):
        Preprocessor(path)
