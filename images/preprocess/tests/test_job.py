"""The whole job in one process, on real files."""

import csv
import gzip
import hashlib
import io
import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from preprocess.arguments import parse_arguments
from preprocess.job import preprocess
from preprocess.schema import Schema, SchemaFile
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

HEADER = "job,age,city,rate,y"
OUTPUTS = [
    "baseline/baseline.csv",
    "encoder/encoder.json",
    "keys/train.csv",
    "keys/validation.csv",
    "live/encoded.csv",
    "live/live.csv",
    "report/report.json",
    "schema/schema.json",
    "test/test.csv",
    "train/train.csv",
    "validation/validation.csv",
]


@dataclass(frozen=True, slots=True)
class Job:
    """A job whose folders lie below `root`."""

    root: ContainerRoot

    def give(self, name: str, content: bytes | str) -> None:
        path = self.root.processing / "input" / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self, *arguments: str, stop: StopSignal | None = None) -> None:
        settings = parse_arguments(list(arguments), self.root)
        preprocess(settings, SchemaFile(settings.schema), self.root, stop or StopSignal())

    def output(self, name: str) -> str:
        return (self.root.processing / "output" / name).read_bytes().decode()

    def outputs(self) -> list[str]:
        folder = self.root.processing / "output"
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.output("report/report.json"))
        return document


@pytest.fixture
def job(tmp_path: Path, schema: Schema) -> Job:
    root = ContainerRoot(tmp_path / "ml")
    folder = root.processing / "input" / "schema"
    folder.mkdir(parents=True)
    (folder / "schema.json").write_bytes(schema.content)
    return Job(root)


def rows(count: int) -> list[str]:
    """Rows that fit the schema; every third is a yes."""
    cities = ("", '"Bern, CH"', '"the ""Hague"""')
    jobs = ("admin.", "blue-collar")
    return [
        f"{jobs[n % 2]},{18 + n % 60},{cities[n % 3]},{n / 7!r},{'no' if n % 3 else 'yes'}"
        for n in range(count)
    ]


def file_of(lines: list[str]) -> str:
    return "\n".join((HEADER, *lines)) + "\n"


def test_every_output_is_written(job: Job) -> None:
    job.give("a.csv", file_of(rows(200)))

    job.run()

    assert job.outputs() == OUTPUTS
    assert job.report() == {
        "rows_read": 200,
        "rows_kept": 200,
        "rows_dropped": 0,
        "files": [
            {"name": "a.csv", "rows": 200}
            | {"sha256": hashlib.sha256(file_of(rows(200)).encode()).hexdigest()}
        ],
        "ignored_columns": [],
        "parts": {
            "train": {"rows": 126, "positive": 42},
            "validation": {"rows": 18, "positive": 6},
            "test": {"rows": 36, "positive": 12},
            "live": {"rows": 20, "positive": 7},
        },
        "bad_rows": [],
        "bad_rows_total": 0,
        "bad_rows_truncated": False,
    }


def test_live_rows_are_the_input_rows_and_their_encoding(job: Job) -> None:
    given = list(csv.reader(rows(200)))
    job.give("a.csv", file_of(rows(200)))

    job.run()

    header, *live = csv.reader(io.StringIO(job.output("live/live.csv")))
    encoder = json.loads(job.output("encoder/encoder.json"))
    assert header == HEADER.split(",")
    assert all(row in given for row in live)
    for raw, line in zip(live, job.output("live/encoded.csv").splitlines(), strict=True):
        label, age, rate, *one_hot = line.split(",")
        mean, scale = encoder["numeric"][0]["mean"], encoder["numeric"][0]["scale"]
        assert label == ("1" if raw[4] == "yes" else "0")
        assert np.float32(age) == np.float32((int(raw[1]) - mean) / scale)
        assert np.float32(rate) == np.float32(raw[3])
        assert one_hot[:2] == ["1" if raw[0] == job_ else "0" for job_ in ("admin.", "blue-collar")]
        assert one_hot[2:] == ["1" if raw[2] == city else "0" for city in ("Bern, CH", 'the "Hague"')]


def test_written_numbers_are_the_shortest_that_read_back_as_the_same_float32(job: Job) -> None:
    job.give("a.csv", file_of(rows(300)))

    job.run()

    texts = [line.split(",")[1] for line in job.output("train/train.csv").splitlines()]
    assert all(len(text) <= len(repr(float(text))) for text in texts)
    assert all(np.format_float_positional(np.float32(text), unique=True, trim="-") == text for text in texts)


def test_baseline_is_the_train_part_with_names_and_without_labels(job: Job) -> None:
    job.give("a.csv", file_of(rows(200)))

    job.run()

    header, *lines = job.output("baseline/baseline.csv").splitlines()
    assert header == "age,rate,job_admin,job_blue_collar,city_bern,city_hague"
    assert lines == [line.split(",", 1)[1] for line in job.output("train/train.csv").splitlines()]


def test_scaling_comes_from_the_train_part_alone(job: Job) -> None:
    job.give("a.csv", file_of(rows(200)))

    job.run()

    scaled = [float(line.split(",")[0]) for line in job.output("baseline/baseline.csv").splitlines()[1:]]
    assert np.mean(scaled) == pytest.approx(0, abs=1e-6)
    assert np.std(scaled) == pytest.approx(1, abs=1e-6)


def test_empty_number_is_written_as_an_empty_cell(job: Job) -> None:
    job.give("a.csv", file_of([row.replace(f",{n / 7!r},", ",,") for n, row in enumerate(rows(200))]))

    job.run()

    assert {line.split(",")[2] for line in job.output("train/train.csv").splitlines()} == {""}
    assert {row["rate"] for row in csv.DictReader(io.StringIO(job.output("live/live.csv")))} == {""}


def test_rows_do_not_depend_on_how_files_were_written(job: Job, tmp_path: Path) -> None:
    lines = rows(300)
    job.give("a.csv", file_of(lines))
    job.run()
    expected = {name: job.output(name) for name in OUTPUTS if name != "report/report.json"}
    job.give("a.csv", file_of(lines[:100]))
    job.give("b.csv.gz", gzip.compress(b"\xef\xbb\xbf" + semicolons(lines[100:200]).encode()))
    columns = list(zip(*csv.reader(lines[200:]), strict=True))
    table = pa.table(
        {
            "y": pa.array(columns[4]),
            "rate": pa.array([float(cell) for cell in columns[3]]),
            "job": pa.array(columns[0]).dictionary_encode(),
            "city": pa.array([cell or None for cell in columns[2]]),
            "age": pa.array([int(cell) for cell in columns[1]], pa.int16()),
        }
    )
    pq.write_table(table, tmp_path / "c")
    job.give("c.parquet", (tmp_path / "c").read_bytes())

    job.run()

    assert {name: job.output(name) for name in expected} == expected


def semicolons(lines: list[str]) -> str:
    """The rows in another dialect: other delimiter, other column order, all quoted."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([*reversed(row)] for row in csv.reader([HEADER, *lines]))
    return text.getvalue()


def test_bad_rows_fail_the_job_after_all_files_and_leave_only_the_report(job: Job) -> None:
    job.give("a.csv", file_of([*rows(50), "admin.,abc,,1,no"]))
    job.give("b.csv", file_of(["chef,20,,1,no", *rows(50), "admin.,17,,1,no", "admin.,17,,1,no"]))

    with pytest.raises(ContractError) as refused:
        job.run()

    assert str(refused.value) == (
        "4 of 104 rows are bad. a.csv line 52, column 'age': 'abc' is not a whole number; "
        "b.csv line 2, column 'job': 'chef' is not a known category; it must be one of admin., blue-collar; "
        "b.csv line 53, column 'age': '17' is below the minimum 18; and more. "
        "Mend them, or drop them with --on-bad-rows drop; report/report.json lists them."
    )
    assert job.outputs() == ["report/report.json"]
    report = job.report()
    assert (report["rows_read"], report["rows_kept"], report["bad_rows_total"]) == (104, 100, 4)
    assert report["parts"] == {}
    assert report["bad_rows"][0] == (
        {"file": "a.csv", "line": 52, "column": "age", "value": "abc", "reason": "is not a whole number"}
    )


def test_dropped_rows_are_as_if_they_had_never_been_there(job: Job) -> None:
    job.give("a.csv", file_of(rows(100)))
    job.run()
    expected = job.output("train/train.csv")
    job.give("a.csv", file_of([*rows(60), "admin.,abc,,1,no", "chef", *rows(100)[60:]]))

    job.run("--on-bad-rows", "drop")

    assert job.output("train/train.csv") == expected
    report = job.report()
    assert (report["rows_read"], report["rows_kept"], report["rows_dropped"]) == (102, 100, 2)
    assert [(fault["line"], fault["column"]) for fault in report["bad_rows"]] == [(62, "age"), (63, None)]
    assert job.root.message_file.read_text() == (
        "2 of 102 rows are bad; they were dropped and are listed in report/report.json."
    )


def test_more_bad_rows_than_allowed_fail_the_job_even_when_dropping(job: Job) -> None:
    job.give("a.csv", file_of([*rows(98), "chef", "chef"]))

    job.run("--on-bad-rows", "drop", "--max-bad-fraction", "0.02")
    with pytest.raises(ContractError, match=r"2 of 100 rows are bad, more than --max-bad-fraction 0\.01"):
        job.run("--on-bad-rows", "drop", "--max-bad-fraction", "0.01")

    assert job.outputs() == ["report/report.json"]


def test_nothing_good_is_a_failure_even_when_dropping(job: Job) -> None:
    job.give("a.csv", file_of(["chef"] * 20))

    with pytest.raises(ContractError, match="no good row in 20"):
        job.run("--on-bad-rows", "drop")


def test_first_thousand_faults_are_listed_over_all_files(job: Job) -> None:
    for name in ("a.csv", "b.csv"):
        job.give(name, file_of([*rows(20), *["chef"] * 600]))

    job.run("--on-bad-rows", "drop")

    report = job.report()
    assert len(report["bad_rows"]) == 1000
    assert (report["bad_rows_total"], report["bad_rows_truncated"]) == (1200, True)


@pytest.mark.parametrize(("only", "missing"), [("yes", "no"), ("no", "yes")])
def test_one_class_target_is_refused_with_both_values(job: Job, only: str, missing: str) -> None:
    job.give("a.csv", file_of([f"admin.,20,,1,{only}"] * 20))

    with pytest.raises(ContractError, match=f"target 'y': all 20 good rows are '{only}'.*'{missing}'"):
        job.run()


def test_several_instances_are_refused(job: Job) -> None:
    job.give("a.csv", file_of(rows(100)))
    job.root.processing_resource_config_file.parent.mkdir()
    job.root.processing_resource_config_file.write_text(
        '{"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}'
    )

    with pytest.raises(ContractError, match=r"2 instances.*InstanceCount"):
        job.run()


def test_stopped_job_leaves_no_outputs(job: Job) -> None:
    job.give("a.csv", file_of(rows(100)))
    stop = StopSignal()
    stop.name = signal.SIGTERM.name

    with pytest.raises(ContractError, match="stopped by SIGTERM"):
        job.run(stop=stop)

    assert job.outputs() == []


def test_failed_run_leaves_no_outputs_of_an_earlier_one(job: Job) -> None:
    job.give("a.csv", file_of(rows(100)))
    job.run()
    job.give("a.csv", "job,age\n")

    with pytest.raises(ContractError):
        job.run()

    assert job.outputs() == []


def test_part_without_rows_has_no_file(job: Job) -> None:
    job.give("a.csv", file_of(rows(100)))

    job.run("--live-fraction", "0", "--validation-fraction", "0")

    absent = {"keys/validation.csv", "live/encoded.csv", "live/live.csv", "validation/validation.csv"}
    assert set(OUTPUTS) - set(job.outputs()) == absent


def test_keys_are_the_categories_of_the_rows_beside_them(job: Job) -> None:
    job.give("a.csv", file_of(rows(200)))

    job.run()

    for name in ("train", "validation"):
        keys = list(csv.reader(io.StringIO(job.output(f"keys/{name}.csv"))))
        lines = [line.split(",") for line in job.output(f"{name}/{name}.csv").splitlines()]
        assert len(keys) == len(lines)
        for (key,), (_, _, _, admin, blue_collar, bern, hague) in zip(keys, lines, strict=True):
            work = {"10": "admin.", "01": "blue-collar"}[admin + blue_collar]
            city = {"10": "Bern, CH", "01": 'the "Hague"', "00": ""}[bern + hague]
            assert key == f"{work},{city}"


def test_rows_without_categories_have_empty_keys(job: Job) -> None:
    document = json.loads((job.root.processing / "input/schema/schema.json").read_text())
    document["features"] = [each for each in document["features"] if "categories" not in each]
    (job.root.processing / "input/schema/schema.json").write_text(json.dumps(document))
    job.give("a.csv", file_of(rows(200)))

    job.run()

    assert job.output("keys/train.csv") == '""\n' * 126
