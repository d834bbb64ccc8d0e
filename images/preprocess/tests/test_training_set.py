"""Base rows and captured ones become one training set."""

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from preprocess.encoding import Encoder, Scaling
from preprocess.schema import Schema
from preprocess.training_set import EXAMPLE_LIMIT, REPORT, ROWS, training_set
from preprocess.training_set_arguments import parse_training_set
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

BASE = 'y,job,age,city,rate\nno,admin.,30,"Bern, CH",0.5\nyes,blue-collar,40,,\n'
BASE_ROWS = [["admin.", "30", "Bern, CH", "0.5", "no"], ["blue-collar", "40", "", "", "yes"]]
NAMED = "job,age,city,rate\n"


@dataclass(frozen=True, slots=True)
class Job:
    """A job whose folders lie below `root`, and the encoder that it is given."""

    root: ContainerRoot
    encoder: bytes

    def give(self, name: str, content: bytes | str) -> None:
        path = self.root.processing / "input" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self, *lines: str, minimum_rows: int = 1) -> tuple[list[list[str]], dict[str, Any]]:
        """The rows after those of the base, and the report."""
        self.give("merged/endpoint/AllTraffic/2026/11/26/05/part-00000.c000.jsonl", "".join(lines))
        # What the merge job tells of itself.
        self.give("merged/_merge_report.json", "{}")
        settings = parse_training_set(["--minimum-rows", str(minimum_rows)], self.root)
        training_set(settings, self.root, StopSignal())
        header, *rows = csv.reader(io.StringIO(self.output(ROWS)))
        assert header == ["job", "age", "city", "rate", "y"]
        assert rows[:2] == BASE_ROWS
        return rows[2:], self.report()

    def output(self, name: str) -> str:
        return (self.root.processing / "output" / name).read_text(encoding="utf-8")

    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.output(REPORT))
        return report


@pytest.fixture
def job(tmp_path: Path, schema: Schema) -> Job:
    document = Encoder(schema, (Scaling(40.0, 10.0), Scaling(0.0, 1.0))).document()
    made = Job(ContainerRoot(tmp_path / "ml"), json.dumps(document).encode())
    made.give("schema/schema.json", schema.content)
    made.give("encoder/executions/1/encoder.json", made.encoder)
    made.give("base/rows.csv", BASE)
    return made


def merged(event_id: str, data: str, label: str = "yes", encoding: str = "CSV", **metadata: object) -> str:
    """A line as the merge job writes it (contracts.md, 5.2)."""
    asked = {"observedContentType": "text/csv", "mode": "INPUT", "data": data, "encoding": encoding}
    told = {"observedContentType": "text/csv", "mode": "OUTPUT", "data": "yes,0.8\n", "encoding": "CSV"}
    document = {
        "captureData": {"endpointInput": asked, "endpointOutput": told},
        "eventMetadata": {"eventId": f"e-{event_id}", "inferenceId": event_id, **metadata},
        "eventVersion": "0",
        "groundTruthData": {"data": label, "encoding": "CSV"},
    }
    return json.dumps(document) + "\n"


def by(encoder: bytes) -> dict[str, Any]:
    """What the API says of a request that it encoded."""
    return {"customAttributes": [f"encoder={hashlib.sha256(encoder).hexdigest()}"]}


def test_encoded_and_named_rows_follow_those_of_the_base(job: Job) -> None:
    rows, report = job.run(
        merged("1", "1.5,0.25,0,1,1,0\n", **by(job.encoder)),
        merged("2", NAMED + 'admin.,61,"the ""Hague""",\n', label="no"),
        merged("3", '{"instances": [{"job": "admin.", "age": 20, "rate": null}]}', encoding="JSON"),
        merged("4", '{"features": [-1.5, 2, 1, 0, 0, 0]}', encoding="JSON"),
    )

    assert rows == [
        ["blue-collar", "55", "Bern, CH", "0.25", "yes"],
        ["admin.", "61", 'the "Hague"', "", "no"],
        ["admin.", "20", "", "", "yes"],
        ["admin.", "25", "", "2.0", "yes"],
    ]
    assert report["captured"] == {
        "calls": 4,
        "rows": 4,
        "positive": 3,
        "encoded": 2,
        "named": 2,
        "left_out": 0,
        "reasons": {},
        "examples": [],
    }


def test_the_report_says_what_the_file_is_made_of(job: Job) -> None:
    _, report = job.run(merged("1", NAMED + "admin.,61,,\n"))

    assert report["base"] == {
        "files": [{"name": "rows.csv", "sha256": hashlib.sha256(BASE.encode()).hexdigest(), "rows": 2}],
        "rows": 2,
        "left_out": 0,
    }
    assert (report["rows"], report["positive"]) == (3, 2)
    assert report["sha256"] == hashlib.sha256(job.output(ROWS).encode()).hexdigest()
    message = job.root.message_file.read_text()
    assert message == "2 rows of the base and 1 captured ones with their labels."


GOOD = "1.5,0.25,0,1,1,0\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"captureData": {"endp\n', "is no merged line"),
        ("[]\n", "is no merged line"),
        (merged("1", GOOD, label=""), "has not as many labels as records"),
        # Nobody knows which of them the one label is about.
        (merged("1", GOOD + GOOD), "has not as many labels as records"),
        (merged("1", GOOD, label="maybe"), "column 'y' is not a target value; it must be one of no, yes"),
        (merged("1", "aGVsbG8=", encoding="BASE64"), "is neither CSV nor JSON"),
        (merged("1", "[1, 2]", encoding="JSON", label="yes\nno"), "has a record that is no JSON object"),
        (merged("1", "about forty,0.25,0,1,1,0\n"), "column 'age' is not a number"),
        (merged("1", "9.6,0.25,0,1,1,0\n"), "column 'age' is above the maximum 120"),
        (merged("1", "1.5,0.25,0,0,1,0\n"), "column 'job' is empty; it must be one of admin., blue-collar"),
        (merged("1", NAMED + "chef,61,,\n"), "column 'job' is not a known category; it must be one of …"),
        (merged("1", NAMED + "admin.,61\n"), "has rows of another width than its header"),
        (
            merged("1", "age,rate\n1,2\n", label="yes\nno"),
            "has another number of cells than its encoder gives",
        ),
        (
            merged("1", GOOD, customAttributes=["encoder=" + "0" * 64]),
            "is encoded by an encoder that is not here",
        ),
    ],
)
def test_what_does_not_fit_is_left_out_and_counted_by_its_reason(job: Job, line: str, reason: str) -> None:
    rows, report = job.run(line, merged("2", GOOD))

    assert rows == [["blue-collar", "55", "Bern, CH", "0.25", "yes"]]
    captured = report["captured"]
    (told,) = captured["reasons"]
    assert told.startswith(reason.removesuffix("…"))
    assert captured["calls"] == 2
    assert captured["left_out"] == captured["reasons"][told] == len(captured["examples"])
    assert (
        captured["examples"][0]["where"] == "endpoint/AllTraffic/2026/11/26/05/part-00000.c000.jsonl line 1"
    )


def test_several_records_with_as_many_labels_are_as_many_rows(job: Job) -> None:
    rows, _ = job.run(merged("1", GOOD + "-1,,1,0,0,0\n", label="yes\nno\n"))

    assert [row[-1] for row in rows] == ["yes", "no"]


def test_an_inference_id_is_one_row(job: Job) -> None:
    rows, report = job.run(merged("1", GOOD), merged("1", "-1,,1,0,0,0\n"), merged("2", GOOD))

    assert len(rows) == 2
    assert report["captured"]["reasons"] == {"has the inference id of an earlier call": 1}


def test_which_of_several_encoders_is_what_the_request_says(job: Job) -> None:
    other = job.encoder.replace(b'"mean": 40.0', b'"mean": 20.0')
    job.give("encoder/executions/2/encoder.json", other)

    rows, report = job.run(
        merged("1", GOOD, **by(job.encoder)), merged("2", GOOD, **by(other)), merged("3", GOOD)
    )

    assert [row[1] for row in rows] == ["55", "35"]
    assert report["captured"]["reasons"] == {"is encoded and does not say by which of several encoders": 1}


def test_too_few_rows_fail_the_job_and_leave_the_report(job: Job) -> None:
    lines = [merged("1", GOOD), merged("2", GOOD, label="maybe")]

    with pytest.raises(ContractError) as refused:
        job.run(*lines, minimum_rows=2)

    assert str(refused.value) == (
        "1 captured rows with a label fit, and --minimum-rows asks for 2; left out: 1 column 'y' is not a "
        "target value; it must be one of no, yes. Wait for more labels, or ask for fewer; "
        "report/training-set.json has examples."
    )
    assert job.report()["captured"]["rows"] == 1
    assert not (job.root.processing / "output" / ROWS).exists()


def test_bad_rows_of_the_base_are_left_out(job: Job) -> None:
    job.give("base/rows.csv", BASE + "no,chef,30,,\nno,admin.\n")

    _, report = job.run(merged("1", GOOD))

    assert (report["base"]["rows"], report["base"]["left_out"]) == (2, 2)


def test_examples_are_a_few(job: Job) -> None:
    lines = [merged(str(n), GOOD, label="maybe") for n in range(EXAMPLE_LIMIT + 5)]

    _, report = job.run(*lines, merged("good", GOOD))

    assert report["captured"]["left_out"] == EXAMPLE_LIMIT + 5
    assert len(report["captured"]["examples"]) == EXAMPLE_LIMIT


@pytest.mark.parametrize("folder", ["base", "merged", "encoder", "schema"])
def test_a_missing_input_is_named(job: Job, folder: str) -> None:
    job.give("merged/part.jsonl", merged("1", GOOD))
    (job.root.processing / "input" / folder).rename(job.root.processing / "elsewhere")

    with pytest.raises(ContractError, match=f"input/{folder}"):
        training_set(parse_training_set([], job.root), job.root, StopSignal())
