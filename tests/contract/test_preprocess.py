"""The preprocess image keeps SageMaker's processing contract."""

import gzip
import itertools
import json
import os
import re
import shutil
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from pathlib import Path
from typing import Any

import pytest

from orchestration.project_file import load_project
from orchestration.schema import schema_document
from scripts.commands import ROOT
from tests.support.containers import Ended, ended, run_job, run_python, started_job, wait_until
from tests.support.preprocess_data import (
    COLUMNS,
    ENCODED_NAMES,
    JOBS,
    NAME,
    NEGATIVE,
    POSITIVE,
    ROW_COUNT,
    SCHEMA,
    Row,
    clients,
    csv_text,
    labelled_rows,
    open_to_everyone,
    outputs_of,
    raw_rows,
    write_processing_root,
)
from tests.support.preprocess_readme import documented_messages, says

CLIENTS = clients()
TEXT = csv_text(CLIENTS)
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
REPORT_ALONE = ["report/report.json"]
LABELLED = ("train/train.csv", "validation/validation.csv", "test/test.csv", "live/encoded.csv")
# Counts of the real rows (Moro, Cortez, Rita, 2014), 5,289 of them positive: 10 %
# of them, rounded up, is live; a fifth of the rest, rounded up, is the test set.
BANK_ROWS, BANK_POSITIVE = 45_211, 5_289
BANK_LIVE, BANK_REST, BANK_TEST = 4_522, 40_689, 8_138
BANK = schema_document(load_project("bank"))
TO_PARQUET = """
from pyarrow import csv, parquet
folder = "/opt/ml/processing/input/data/"
table = csv.read_csv(folder + "clients.csv", convert_options=csv.ConvertOptions(
    null_values=[""], strings_can_be_null=True))
parquet.write_table(table.append_column("row", table["client"]), folder + "clients", row_group_size=100)
"""


@dataclass(frozen=True, slots=True)
class Processed:
    """A job that succeeded."""

    root: Path
    outcome: Ended
    outputs: dict[str, bytes]

    @property
    def report(self) -> Any:
        return json.loads(self.outputs["report/report.json"])

    @property
    def encoder(self) -> Any:
        return json.loads(self.outputs["encoder/encoder.json"])


def process(image: str, root: Path, *arguments: str, **options: Any) -> Processed:
    """Run the image on `root`, and succeed."""
    outcome = run_job(image, list(arguments), root, **options)
    assert outcome.exit_code == 0, outcome.stderr
    return Processed(root, outcome, outputs_of(root))


def refusal(outcome: Ended, root: Path, left: Sequence[str] = ()) -> str:
    """The reason of a job that failed as a job should: readable, and with `left` as its only outputs."""
    message = (root / "output" / "message").read_bytes()
    assert outcome.exit_code == 1
    assert outcome.stderr.splitlines()[-1] == f"Processing failed: {message.decode()}"
    assert "Traceback" not in outcome.stderr
    # The first kilobyte becomes ExitMessage (API reference, DescribeProcessingJob).
    assert len(message) <= 1024
    assert list(outputs_of(root)) == list(left)
    return message.decode()


@pytest.fixture(scope="module")
def processed(preprocess_image: str, tmp_path_factory: pytest.TempPathFactory) -> Processed:
    """The outputs of the plain rows, which other ways to write and to run them must give too."""
    root = write_processing_root(tmp_path_factory.mktemp("processed") / "ml", {NAME: TEXT})
    return process(preprocess_image, root)


def test_a_job_leaves_its_outputs_and_nothing_else(processed: Processed) -> None:
    assert list(processed.outputs) == OUTPUTS
    assert not (processed.root / "output/message").exists()
    assert processed.outputs["schema/schema.json"] == json.dumps(SCHEMA).encode()
    assert processed.outcome.stderr == ""


def test_every_row_is_in_one_part(processed: Processed) -> None:
    place = 1 + ENCODED_NAMES.index("client")
    parts = {name: [row[place] for row in labelled_rows(processed.outputs[name])] for name in LABELLED}

    assert sorted(itertools.chain(*parts.values()), key=int) == [row["client"] for row in CLIENTS]
    # A tenth of 600 is live; of the 540 that it leaves a fifth is for testing, a tenth for validation.
    assert [len(rows) for rows in parts.values()] == [378, 54, 108, 60]


def test_scaling_is_learnt_from_the_training_part_alone(processed: Processed) -> None:
    place = 1 + ENCODED_NAMES.index("client")
    trained = [int(row[place]) for row in labelled_rows(processed.outputs["train/train.csv"])]
    ages = [int(CLIENTS[client]["age"]) for client in trained]
    mean = fsum(ages) / len(ages)

    (age, _, client) = processed.encoder["numeric"]

    assert age["mean"] == pytest.approx(mean, rel=1e-14)
    assert age["scale"] == pytest.approx(sqrt(fsum((age - mean) ** 2 for age in ages) / len(ages)), rel=1e-14)
    assert (client["mean"], client["scale"]) == (0, 1)


def float32(number: float) -> bytes:
    """The bits of the float32 nearest to `number`."""
    return struct.pack(">f", number)


def encoded_by_hand(encoder: Any, row: Row) -> list[bytes]:
    """What encoder.json makes of a raw row, as float32; an empty number is no bytes at all."""
    target = encoder["target"]
    cells = [float32({target["positive"]: 1, target["negative"]: 0}[row[target["name"]]])]
    for feature in encoder["numeric"]:
        text = row[feature["name"]]
        cells.append(float32((float(text) - feature["mean"]) / feature["scale"]) if text else b"")
    for feature in encoder["categorical"]:
        cells += (float32(row[feature["name"]] == each["value"]) for each in feature["categories"])
    return cells


def test_the_encoder_applied_by_hand_gives_the_encoded_rows_to_the_last_bit(processed: Processed) -> None:
    live = raw_rows(processed.outputs["live/live.csv"])
    encoded = labelled_rows(processed.outputs["live/encoded.csv"])

    assert all(row in CLIENTS for row in live)
    assert any(row["rate"] == "" for row in live)
    assert any(row["city"] == "" for row in live)
    assert [encoded_by_hand(processed.encoder, row) for row in live] == [
        [float32(float(cell)) if cell else b"" for cell in row] for row in encoded
    ]


def test_a_category_that_no_row_has_is_encoded_too(processed: Processed) -> None:
    job = processed.encoder["categorical"][0]

    assert {each["value"]: each["encoded_name"] for each in job["categories"]} == JOBS
    assert processed.encoder["encoded_names"] == ENCODED_NAMES


def test_baseline_is_the_training_part_with_names_and_without_labels(processed: Processed) -> None:
    header, *rows = labelled_rows(processed.outputs["baseline/baseline.csv"])

    assert header == ENCODED_NAMES
    assert rows == [cells for _, *cells in labelled_rows(processed.outputs["train/train.csv"])]


DIALECTS: dict[str, dict[str, str | bytes]] = {
    "semicolons": {NAME: csv_text(CLIENTS, delimiter=";")},
    "quoted": {NAME: csv_text(CLIENTS, quoted=True)},
    "column order": {NAME: csv_text(CLIENTS, columns=COLUMNS[::-1])},
    "more columns": {NAME: csv_text((row | {"note": "a\nb"} for row in CLIENTS), (*COLUMNS, "note"))},
    "byte-order mark and CRLF": {NAME: "\N{BYTE ORDER MARK}" + csv_text(CLIENTS, line_end="\r\n")},
    "gzip": {f"{NAME}.gz": gzip.compress(TEXT.encode())},
    "gzip under another name": {NAME: gzip.compress(csv_text(CLIENTS, delimiter=";", quoted=True).encode())},
    "several files": {
        "a.csv": csv_text(CLIENTS[:200]),
        "b/b.csv.gz": gzip.compress(csv_text(CLIENTS[200:400], delimiter=";").encode()),
        "c.csv": csv_text(CLIENTS[400:], quoted=True),
        "_SUCCESS": b"",
    },
}


def but_for_the_report(outputs: dict[str, bytes]) -> dict[str, bytes]:
    """What must not depend on how the rows were written; the report tells the files apart."""
    return {name: content for name, content in outputs.items() if name not in REPORT_ALONE}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_bytes(
    preprocess_image: str, processed: Processed, tmp_path: Path, dialect: str
) -> None:
    again = process(preprocess_image, write_processing_root(tmp_path / "ml", DIALECTS[dialect]))

    assert but_for_the_report(again.outputs) == but_for_the_report(processed.outputs)
    assert again.report["rows_read"] == again.report["rows_kept"] == ROW_COUNT
    assert again.report["parts"] == processed.report["parts"]


@pytest.mark.parametrize("is_zipped", [False, True])
def test_parquet_gives_the_same_bytes(
    preprocess_image: str, processed: Processed, tmp_path: Path, is_zipped: bool
) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})
    run_python(preprocess_image, TO_PARQUET, root)
    data = root / "processing/input/data"
    (data / NAME).unlink()
    if is_zipped:
        (data / "zipped").write_bytes(gzip.compress((data / "clients").read_bytes()))
        (data / "clients").unlink()

    again = process(preprocess_image, root)

    assert but_for_the_report(again.outputs) == but_for_the_report(processed.outputs)
    assert again.report["ignored_columns"] == ["row"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cpuset_cpus": "0"},
        {"environment": {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}},
        {"user": "12345:12345", "read_only": True, "network_mode": "none"},
    ],
    ids=["again", "one core", "other surroundings", "any user on a read-only root"],
)
def test_the_same_bytes_in_give_the_same_bytes_out(
    preprocess_image: str, processed: Processed, tmp_path: Path, options: dict[str, Any]
) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})
    open_to_everyone(root)

    again = process(preprocess_image, root, **options)

    assert again.outputs == processed.outputs
    owner = int(options.get("user", "0").split(":")[0])
    assert (root / "processing/output/train/train.csv").stat().st_uid == owner


def test_a_container_started_by_hand_needs_no_config(
    preprocess_image: str, processed: Processed, tmp_path: Path
) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})
    shutil.rmtree(root / "config")
    shutil.rmtree(root / "output")

    assert process(preprocess_image, root).outputs == processed.outputs


def test_folders_and_the_split_are_arguments(
    preprocess_image: str, processed: Processed, tmp_path: Path
) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})
    for name in ("data", "schema"):
        (root / "processing/input" / name).rename(root / "processing" / name)
    folders = [f"--{name}=/opt/ml/processing/{name}" for name in ("data", "schema")]

    again = process(
        preprocess_image,
        root,
        *(*folders, "--output", "/opt/ml/processing/output/below"),
        *("--seed", "5", "--live-fraction", "0.2", "--test-fraction", "0.25", "--validation-fraction", "0"),
    )

    expected = [f"below/{name}" for name in OUTPUTS if not name.endswith("validation.csv")]
    assert sorted(again.outputs) == expected
    parts = json.loads(again.outputs["below/report/report.json"])["parts"]
    assert {name: part["rows"] for name, part in parts.items()} == {
        "train": 360,
        "validation": 0,
        "test": 120,
        "live": 120,
    }


def with_row(**cells: str) -> dict[str, str | bytes]:
    """The rows, and after them on line 602 one more with these cells."""
    return {NAME: csv_text([*CLIENTS, CLIENTS[1] | cells])}


WRONG_ROWS: dict[str, dict[str, str | bytes]] = {
    "a cell has the wrong type": with_row(age="old"),
    "a category is not allowed": with_row(job="chef"),
    "a number is out of range": with_row(age="17"),
    "a row lacks a cell": {NAME: TEXT + "20,student\n"},
}
WRONG_FILES: dict[str, dict[str, str | bytes]] = {
    "a column is missing": {
        NAME: csv_text(({name: row[name] for name in COLUMNS[1:]} for row in CLIENTS), COLUMNS[1:])
    },
    "the text is not UTF-8": {NAME: TEXT.encode() + b"20,\xe9tudiant,1,,1,no\n"},
    "a file is empty": {NAME: b""},
    "there is no file": {},
    "a gzip file is cut off": {NAME: gzip.compress(TEXT.encode())[:-1000]},
}
WRONG_JOBS = {
    "the target has one value",
    "the schema has an unknown key",
    "an argument is wrong",
    "there are several instances",
    "the disk is full",
    "the job is stopped",
}
# Refused as readably, and too rare for the README.
RARE_FILES: dict[str, tuple[dict[str, str | bytes], str]] = {
    "a header alone": ({NAME: TEXT.splitlines()[0]}, "clients.csv has a header on line 1 and no rows; …"),
    "an open quote": ({NAME: TEXT + '20,"stud'}, "… begins at line 602 has a quote out of place …"),
    "damaged Parquet": ({NAME: b"PAR1 and no more"}, "clients.csv is not a sound Parquet file (…); …"),
    "a damaged gzip file": (
        {NAME: gzip.compress(TEXT.encode())[:-6] + b"abcdef"},
        "clients.csv is not a sound gzip file (…); compress it again.",
    ),
    "too few rows": ({NAME: csv_text(CLIENTS[:6])}, "6 rows, 2 of them positive, are too few to split: …"),
    "an empty file among others": ({NAME: TEXT, "more.csv": b""}, "more.csv is empty; …"),
}


def test_every_documented_failure_is_tried() -> None:
    # Those of `ingest` and `features` need a feature store, that of `training-set` captured rows.
    files = ("tests/integration/test_feature_ingest.py", "tests/contract/test_preprocess_training_set.py")
    elsewhere = "".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    tried_there = set(re.findall(r'documented_messages\(\)\["(.+?)"\]', elsewhere))

    assert set(documented_messages()) == {*WRONG_ROWS, *WRONG_FILES, *WRONG_JOBS, *tried_there}


@pytest.mark.parametrize("wrong", WRONG_ROWS)
def test_a_bad_row_fails_the_job_and_leaves_the_report(
    preprocess_image: str, tmp_path: Path, wrong: str
) -> None:
    root = write_processing_root(tmp_path / "ml", WRONG_ROWS[wrong])

    message = refusal(run_job(preprocess_image, [], root), root, left=REPORT_ALONE)

    assert says(message, documented_messages()[wrong]), message
    report = json.loads(outputs_of(root)["report/report.json"])
    (fault,) = report["bad_rows"]
    assert (fault["file"], fault["line"]) == (NAME, ROW_COUNT + 2)
    assert (report["rows_read"], report["rows_kept"], report["bad_rows_total"]) == (601, 600, 1)


@pytest.mark.parametrize("wrong", WRONG_FILES)
def test_unusable_data_become_the_message(preprocess_image: str, tmp_path: Path, wrong: str) -> None:
    root = write_processing_root(tmp_path / "ml", WRONG_FILES[wrong])

    message = refusal(run_job(preprocess_image, [], root), root)

    assert says(message, documented_messages()[wrong]), message


def test_a_target_with_one_value_fails_the_job_and_leaves_the_report(
    preprocess_image: str, tmp_path: Path
) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: csv_text(row | {"y": NEGATIVE} for row in CLIENTS)})

    message = refusal(run_job(preprocess_image, [], root), root, left=REPORT_ALONE)

    assert says(message, documented_messages()["the target has one value"]), message


@pytest.mark.parametrize("wrong", RARE_FILES)
def test_rarer_damage_becomes_the_message(preprocess_image: str, tmp_path: Path, wrong: str) -> None:
    files, expected = RARE_FILES[wrong]
    root = write_processing_root(tmp_path / "ml", files)

    message = refusal(run_job(preprocess_image, [], root), root)

    assert says(message, expected), message


def test_dropped_rows_are_reported_and_change_nothing_else(
    preprocess_image: str, processed: Processed, tmp_path: Path
) -> None:
    bad = [CLIENTS[0] | {"age": "old", "y": "maybe"}, CLIENTS[1] | {"rate": "1e39"}]
    text = csv_text([*CLIENTS[:300], *bad, *CLIENTS[300:]]) + "20,student\n"
    root = write_processing_root(tmp_path / "ml", {NAME: text})

    again = process(preprocess_image, root, "--on-bad-rows", "drop")

    assert but_for_the_report(again.outputs) == but_for_the_report(processed.outputs)
    assert (root / "output/message").read_text() == (
        "3 of 603 rows are bad; they were dropped and are listed in report/report.json."
    )
    report = again.report
    assert (report["rows_read"], report["rows_kept"], report["rows_dropped"]) == (603, 600, 3)
    assert [(fault["line"], fault["column"], fault["value"]) for fault in report["bad_rows"]] == [
        (302, "age", "old"),
        (302, "y", "maybe"),
        (303, "rate", "1e39"),
        (604, None, None),
    ]


def test_more_bad_rows_than_allowed_fail_the_job(preprocess_image: str, tmp_path: Path) -> None:
    root = write_processing_root(tmp_path / "ml", with_row(age="old"))
    arguments = ["--on-bad-rows", "drop", "--max-bad-fraction", "0.001"]

    message = refusal(run_job(preprocess_image, arguments, root), root, left=REPORT_ALONE)

    assert message.startswith("1 of 601 rows is bad, more than --max-bad-fraction 0.001 allows. clients.csv")


def test_an_unknown_key_in_the_schema_is_refused(preprocess_image: str, tmp_path: Path) -> None:
    age, *others = SCHEMA["features"]
    schema = SCHEMA | {"features": [age | {"minimun": 18}, *others]}
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT}, schema)

    message = refusal(run_job(preprocess_image, [], root), root)

    assert says(message, documented_messages()["the schema has an unknown key"]), message


def test_a_missing_schema_is_refused(preprocess_image: str, tmp_path: Path) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})
    (root / "processing/input/schema/schema.json").unlink()

    message = refusal(run_job(preprocess_image, [], root), root)

    assert "/opt/ml/processing/input/schema/schema.json is missing" in message


def test_a_wrong_argument_is_refused(preprocess_image: str, tmp_path: Path) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})

    message = refusal(run_job(preprocess_image, ["--seed", "-1"], root), root)

    assert says(message, documented_messages()["an argument is wrong"]), message


def test_several_instances_are_refused(preprocess_image: str, tmp_path: Path) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT}, hosts=["algo-1", "algo-2"])

    message = refusal(run_job(preprocess_image, [], root), root)

    assert says(message, documented_messages()["there are several instances"]), message


@pytest.mark.parametrize("content", ["{", '{"current_host": "algo-3", "hosts": ["algo-1"]}'])
def test_an_impossible_resource_config_is_refused(
    preprocess_image: str, tmp_path: Path, content: str
) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})
    (root / "config/resourceconfig.json").write_text(content)

    assert "/opt/ml/config/resourceconfig.json" in refusal(run_job(preprocess_image, [], root), root)


def test_one_full_output_leaves_none_of_the_others(preprocess_image: str, tmp_path: Path) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})

    outcome = run_job(preprocess_image, [], root, tmpfs={"/opt/ml/processing/output/test": "size=4k"})

    message = refusal(outcome, root)
    assert says(message, documented_messages()["the disk is full"]), message
    assert "/opt/ml/processing/output/test/test.csv" in message


def test_a_full_disk_is_left_empty(preprocess_image: str, tmp_path: Path) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})
    # The disk is gone with its container, so the container itself looks at what was left on it.
    script = "python -m preprocess; code=$?; find /opt/ml/processing/output -type f; exit $code"

    outcome = run_job(
        preprocess_image,
        ["-c", script],
        root,
        entrypoint="sh",
        tmpfs={"/opt/ml/processing/output": "size=32k"},
    )

    message = refusal(outcome, root)
    assert says(message, documented_messages()["the disk is full"]), message
    assert outcome.stdout.splitlines()[-1].partition(" ")[2].startswith("INFO job.failed")


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_a_signal_before_the_rows_are_read_stops_the_job(
    preprocess_image: str, tmp_path: Path, signal: str
) -> None:
    root = write_processing_root(tmp_path / "ml", {NAME: TEXT})
    schema = root / "processing/input/schema/schema.json"
    content = schema.read_bytes()
    # The job waits here for its schema until somebody writes it.
    schema.unlink()
    os.mkfifo(schema)

    def opened() -> int | None:
        try:
            return os.open(schema, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None  # nobody reads yet

    with started_job(preprocess_image, [], root) as container:
        pipe = wait_until(opened, "the job to read its schema")
        container.kill(signal=signal)
        os.write(pipe, content)
        os.close(pipe)
        outcome = ended(container)

    expected = documented_messages()["the job is stopped"].replace("SIGTERM", signal)
    assert refusal(outcome, root) == expected


def killed_while_writing(image: str, root: Path, signal: str) -> Ended:
    """The end of a job with so many rows that the signal comes long before the last is written."""
    header, *lines = TEXT.splitlines(keepends=True)
    write_processing_root(root, {NAME: header + "".join(lines) * 500})
    with started_job(image, ["--live-fraction", "0.8"], root) as container:
        folder = root / "processing" / "output"
        wait_until(lambda: any(path.is_file() for path in folder.rglob("*")) or None, "the first output")
        container.kill(signal=signal)
        return ended(container)


def test_sigterm_while_outputs_are_written_leaves_none(preprocess_image: str, tmp_path: Path) -> None:
    outcome = killed_while_writing(preprocess_image, tmp_path / "ml", "SIGTERM")

    assert refusal(outcome, tmp_path / "ml") == documented_messages()["the job is stopped"]


def test_a_job_that_is_killed_leaves_nothing_under_an_outputs_name(
    preprocess_image: str, tmp_path: Path
) -> None:
    outcome = killed_while_writing(preprocess_image, tmp_path / "ml", "SIGKILL")

    assert outcome.exit_code == 128 + 9
    assert set(outputs_of(tmp_path / "ml")).isdisjoint(OUTPUTS)


@pytest.fixture(scope="module")
def bank(
    preprocess_image: str, bank_csv: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Processed]:
    """The real rows, processed under any seed."""

    def run(*arguments: str) -> Processed:
        root = write_processing_root(
            tmp_path_factory.mktemp("bank") / "ml", {"bank.csv": bank_csv.read_bytes()}, BANK
        )
        return process(preprocess_image, root, *arguments)

    return run


@pytest.fixture(scope="module")
def bank_of_seed_0(bank: Callable[..., Processed]) -> Processed:
    return bank("--seed", "0")


def test_a_tenth_of_the_real_rows_is_live_and_the_rest_builds_the_model(bank_of_seed_0: Processed) -> None:
    counts = {name: len(labelled_rows(bank_of_seed_0.outputs[name])) for name in LABELLED}
    report = bank_of_seed_0.report

    assert counts["live/encoded.csv"] == len(raw_rows(bank_of_seed_0.outputs["live/live.csv"])) == BANK_LIVE
    assert sum(counts.values()) - BANK_LIVE == BANK_REST
    assert counts["test/test.csv"] == BANK_TEST
    assert report["rows_read"] == report["rows_kept"] == BANK_ROWS
    assert [part["rows"] for part in report["parts"].values()] == list(counts.values())


def test_every_part_of_the_real_rows_has_the_targets_shares(bank_of_seed_0: Processed) -> None:
    for name in LABELLED:
        labels = [row[0] for row in labelled_rows(bank_of_seed_0.outputs[name])]
        # Off by no more than the one row that cannot be shared.
        assert labels.count("1") == pytest.approx(len(labels) * BANK_POSITIVE / BANK_ROWS, abs=1)


def test_live_is_the_same_for_every_seed_and_the_rest_is_not(
    bank: Callable[..., Processed], bank_of_seed_0: Processed
) -> None:
    for seed in ("1", "4294967295"):
        other = bank("--seed", seed)

        assert other.outputs["live/live.csv"] == bank_of_seed_0.outputs["live/live.csv"]
        assert other.outputs["test/test.csv"] != bank_of_seed_0.outputs["test/test.csv"]
        assert (
            other.outputs["validation/validation.csv"] != bank_of_seed_0.outputs["validation/validation.csv"]
        )


def test_another_live_seed_chooses_other_live_rows(
    bank: Callable[..., Processed], bank_of_seed_0: Processed
) -> None:
    other = bank("--live-seed", "1")

    assert other.outputs["live/live.csv"] != bank_of_seed_0.outputs["live/live.csv"]
    assert other.report["parts"]["live"] == bank_of_seed_0.report["parts"]["live"]


def test_every_combination_of_bank_s_categories_has_an_encoding_of_its_own(
    preprocess_image: str, tmp_path: Path
) -> None:
    categories = {
        feature["name"]: [each["value"] for each in feature["categories"]]
        for feature in BANK["features"]
        if feature["type"] == "String"
    }
    numbers = {feature["name"]: feature["minimum"] for feature in BANK["features"] if "minimum" in feature}
    combinations = list(itertools.product(*categories.values()))
    rows = (
        numbers | dict(zip(categories, combination, strict=True)) | {"y": (NEGATIVE, POSITIVE)[at % 2]}
        for at, combination in enumerate(combinations)
    )
    text = csv_text(rows, columns=[*numbers, *categories, "y"])

    outputs = process(preprocess_image, write_processing_root(tmp_path / "ml", {NAME: text}, BANK)).outputs

    header, *_ = labelled_rows(outputs["baseline/baseline.csv"])
    meanings = {
        each["encoded_name"]: (feature["name"], each["value"])
        for feature in json.loads(outputs["encoder/encoder.json"])["categorical"]
        for each in feature["categories"]
    }
    assert set(header) == {*numbers, *meanings}
    decoded = [
        tuple(
            meanings[name]
            for name, cell in zip(header, cells, strict=True)
            if name in meanings and cell == "1"
        )
        for part in LABELLED
        for _, *cells in labelled_rows(outputs[part])
    ]
    assert sorted(decoded) == sorted(
        tuple(zip(categories, combination, strict=True)) for combination in combinations
    )
