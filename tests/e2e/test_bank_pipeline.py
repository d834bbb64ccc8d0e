"""The bank pipeline from one command, as a person runs it, against a running LocalStack and emulator."""

import csv
import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestration.settings import ROOT
from tests.support.bank_runs import ENDPOINT, FEW_ROUNDS, GROUP, PIPELINE, WITHOUT_MONITORS, Bank
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.job_starts import counted_starts
from tests.support.project_runs import Ended

Change = Callable[[Callable[[list[str]], list[str]]], Path]
# Of local mode; the service has a feature store beside it, and both of these begin at once.
LOCAL_JOBS = ["preprocess", "train", "evaluate"]
AT_ONCE, THEN = {"preprocess", "ingest"}, ["features", "train", "evaluate"]
# What the monitors compare with, made beside what follows the steps that it needs.
BASELINES = ["baseline", "model-baseline"]
# 12 · 3 · 4 · 2 · 2 · 2 · 3 · 12 categories of the eight features (issue).
COMBINATIONS = 41472


@pytest.fixture
def bank(emulator: Emulator, tmp_path: Path) -> Bank:
    return Bank(emulator.localstack, tmp_path / "build")


@pytest.fixture(scope="module")
def first(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run on synthetic rows that takes nothing from an earlier one, encodings neither."""
    bank = Bank(emulator.localstack, tmp_path_factory.mktemp("first") / "build")
    bank.forget_encodings()
    ended = bank("run", "--fresh", *FEW_ROUNDS)
    assert ended.returncode == 0, ended.all_that_it_said
    return ended


def left_behind(build_dir: Path) -> list[str]:
    """Containers and networks of local mode, and files that it mounted."""
    containers = docker("ps", "--all", "--format", "{{.Names}}", "--filter", "label=slipway.run")
    networks = docker("network", "ls", "--format", "{{.Name}}", "--filter", "name=sagemaker-local")
    return [*containers, *networks, *(str(path) for path in (build_dir / "local").rglob("*"))]


def docker(*arguments: str) -> list[str]:
    answer = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return answer.stdout.split()


@pytest.fixture
def real_rows(bank_csv: Path, tmp_path: Path) -> Change:
    """Writes the real rows with each one, header included, changed by a function."""

    def write(change: Callable[[list[str]], list[str]]) -> Path:
        file = tmp_path / "changed.csv"
        with bank_csv.open(newline="") as source, file.open("w", newline="") as target:
            csv.writer(target).writerows(change(row) for row in csv.reader(source))
        return file

    return write


def test_real_rows_become_a_model_that_answers(bank: Bank, bank_csv: Path) -> None:
    ended = bank("run", *WITHOUT_MONITORS, "--data", str(bank_csv))

    assert ended.returncode == 0, ended.all_that_it_said
    first = ended.stdout.splitlines()[0]
    assert re.fullmatch(r"data: bank-full\.csv, 45,211 rows, sha256 [0-9a-f]{6}…, from DATA", first)
    record = ended.record
    assert record["status"] == "Succeeded"
    assert record["data"]["rows"] == 45211
    # The issue: 10 %, 4,522 rows, are never used for model building.
    assert record["parts"]["live"]["rows"] == 4522
    assert record["metrics"]["accuracy"] >= 0.89
    assert record["metrics"]["auc"] >= 0.92
    assert {answer["predicted_label"] for answer in record["endpoint"]["answers"]} <= {"yes", "no"}
    assert (ended.build_dir / "report" / "bank" / "report.html").stat().st_size > 1000


def test_synthetic_rows_will_do_and_every_step_is_a_line(first: Ended) -> None:
    assert "20,000 synthetic rows" in first.stdout.splitlines()[0]
    assert "say nothing about real clients" in first.stdout
    assert first.record["data"]["synthetic"] is True
    assert re.fullmatch(r"[0-9a-f]{64}", first.record["model_digest"])
    shown = [line.split()[0] for line in first.stdout.splitlines()[1:16]]
    assert shown[:4] == ["upload", "definition", "start", "triggers"]
    assert sorted(name for name in shown if name in BASELINES) == BASELINES
    # Baselines end whenever they do: what they wait for is over before.
    rest = [name for name in shown[4:] if name not in BASELINES]
    assert set(rest[:2]) == AT_ONCE
    assert rest[2:] == [*THEN, "good-enough", "register", "approve", "endpoint"]
    # The version names its baselines, so it waits for them.
    assert shown.index("register") > max(shown.index(name) for name in BASELINES)
    assert first.stderr == ""


def test_the_record_says_where_the_time_went(first: Ended) -> None:
    record = first.record
    jobs = [step for step in record["steps"] if step["container_seconds"] is not None]
    others = [step["name"] for step in jobs if step["name"] not in BASELINES]
    assert set(others[:2]) == AT_ONCE
    assert others[2:] == THEN
    for step in jobs:
        assert 0 < step["work_seconds"] <= step["container_seconds"] <= step["seconds"]
    overhead = record["overhead"]
    assert overhead["total_seconds"] == pytest.approx(
        overhead["container_seconds"] + overhead["sdk_seconds"], abs=0.01
    )
    assert 0 < overhead["share"] < 1
    assert set(record["images"]) == {"preprocess", "train_xgb", "monitor"}


def test_the_version_says_how_good_it_is_and_from_which_rows_it_came(bank: Bank, first: Ended) -> None:
    record = first.record
    package = bank.version(record["model_package"]["version"])

    assert package["ModelPackageGroupName"] == GROUP
    assert package["ModelApprovalStatus"] == record["model_package"]["status"] == "Approved"
    assert package["ApprovalDescription"].startswith("make run: accuracy 0.")
    assert package["CustomerMetadataProperties"]["data-sha256"] == record["data"]["sha256"]
    assert package["CustomerMetadataProperties"]["pipeline-execution-id"] == record["execution_id"]
    statistics = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    assert json.loads(read(bank, statistics)) == json.loads(
        (first.build_dir / "report" / "bank" / "evaluation.json").read_text(encoding="utf-8")
    )


def test_the_version_names_baselines_of_the_rows_that_it_was_trained_and_tested_on(
    bank: Bank, first: Ended
) -> None:
    baselines = bank.version(first.record["model_package"]["version"])["DriftCheckBaselines"]

    columns = json.loads(read(bank, baselines["ModelDataQuality"]["Statistics"]["S3Uri"]))
    assert columns["dataset"]["item_count"] == first.record["parts"]["train"]["rows"]
    # 6 numbers and 12 + 3 + 4 + 2 + 2 + 2 + 3 + 12 categories, a column each; the label is none of them.
    assert len(columns["features"]) == 6 + (12 + 3 + 4 + 2 + 2 + 2 + 3 + 12)
    quality = json.loads(read(bank, baselines["ModelQuality"]["Statistics"]["S3Uri"]))
    assert quality["dataset"]["item_count"] == first.record["parts"]["test"]["rows"]
    measured = quality["binary_classification_metrics"]
    assert measured["accuracy"]["value"] == pytest.approx(first.record["metrics"]["accuracy"])
    assert set(first.record["baselines"]) == {"data-quality", "model-quality"}


def test_a_run_without_a_group_ingests_every_combination_and_says_so(bank: Bank, first: Ended) -> None:
    group = first.record["feature_group"]

    assert group["records"] == group["written"] == COMBINATIONS
    assert group["already_there"] == 0
    assert re.search(
        rf"^  ingest .* 41,472 records into {group['feature_group_name']} in", first.stdout, re.M
    )
    tags = bank.sagemaker.list_tags(
        ResourceArn=bank.encodings(group["feature_group_name"])["FeatureGroupArn"]
    )
    assert {"Key": "slipway:records", "Value": str(COMBINATIONS)} in tags["Tags"]


def test_training_reads_what_sql_found_and_that_is_what_preprocess_wrote(bank: Bank, first: Ended) -> None:
    execution = {"PipelineExecutionArn": first.record["pipeline"]["execution_arn"]}
    training = bank.steps(execution)["train"]["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in bank.sagemaker.describe_training_job(TrainingJobName=training)["InputDataConfig"]
    }
    written = f"s3://slipway-bank/executions/{first.record['execution_id']}"
    assert channels == {
        "train": f"{written}/features/train",
        "validation": f"{written}/features/validation",
        "encoder": f"{written}/preprocess/encoder",
    }
    for name in ("train", "validation"):
        file = f"{name}/{name}.csv"
        assert read(bank, f"{written}/features/{file}") == read(bank, f"{written}/preprocess/{file}")
    done = first.record["feature_group"]["read"]
    parts = first.record["parts"]
    assert done["rows"] == parts["train"]["rows"] + parts["validation"]["rows"]
    assert f"{done['rows']:,} rows with the columns of {done['distinct_keys']:,} records" in first.stdout
    query = bank.localstack.client("athena").get_query_execution(QueryExecutionId=done["query_execution_id"])[
        "QueryExecution"
    ]
    assert query["Status"]["State"] == "SUCCEEDED"
    catalog = bank.encodings(done["feature_group_name"])["OfflineStoreConfig"]["DataCatalogConfig"]
    assert catalog["TableName"] in query["Query"]


def test_the_version_names_the_group_and_the_encoder_that_it_was_trained_with(
    bank: Bank, first: Ended
) -> None:
    metadata = bank.version(first.record["model_package"]["version"])["CustomerMetadataProperties"]

    assert metadata["feature-group-name"] == first.record["feature_group"]["feature_group_name"]
    encoder = json.loads(read(bank, metadata["encoder-uri"]))
    assert encoder["version"] == 1
    assert f"executions/{first.record['execution_id']}/preprocess/encoder/" in metadata["encoder-uri"]


def read(bank: Bank, uri: str) -> str:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body: bytes = bank.localstack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body.decode()


def test_the_pipeline_that_is_there_is_the_definition_that_was_written(bank: Bank, first: Ended) -> None:
    described = bank.sagemaker.describe_pipeline(PipelineName=PIPELINE)

    assert described["PipelineArn"] == first.record["pipeline"]["arn"]
    written = Path(first.record["pipeline"]["definition"]).read_text(encoding="utf-8")
    kinds = [step["Type"] for step in json.loads(written)["Steps"]]
    assert kinds == ["Processing"] * 3 + ["Training"] + ["Processing"] * 3 + ["Condition"]


def test_the_endpoint_stays_and_its_requests_are_captured(bank: Bank, first: Ended) -> None:
    assert bank.served_version() == max(
        number for number, status in bank.versions().items() if status == "Approved"
    )
    described = bank.sagemaker.describe_endpoint(EndpointName=ENDPOINT)
    assert described["DataCaptureConfig"]["DestinationS3Uri"] == "s3://slipway-bank/captured"
    answer = bank.localstack.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=ENDPOINT,
        ContentType="application/json",
        Accept="application/json",
        Body=json.dumps({"instances": [first.record["endpoint"]["answers"][0]["row"]]}),
    )
    (prediction,) = json.loads(answer["Body"].read())["predictions"]
    assert prediction["predicted_label"] in ("yes", "no")


def test_the_curl_line_that_is_printed_asks_the_endpoint(first: Ended) -> None:
    (line,) = (line for line in first.stdout.splitlines() if line.strip().startswith("curl "))

    answer = subprocess.run(["sh", "-c", f"{line} --silent"], capture_output=True, text=True, check=True)

    assert json.loads(answer.stdout)["predictions"][0]["predicted_label"] in ("yes", "no")


def test_a_second_run_takes_every_job_but_ingest_from_the_first_and_is_a_version_all_the_same(
    bank: Bank, first: Ended
) -> None:
    with counted_starts() as starts:
        second = bank("run", *FEW_ROUNDS)

    assert second.returncode == 0, second.all_that_it_said
    cached = [step["name"] for step in second.record["steps"] if step["cached"]]
    assert sorted(cached) == sorted(["preprocess", *THEN, *BASELINES])
    for job in cached:
        assert re.search(rf"^  {job} .* s   cached", second.stdout, re.MULTILINE)
    (started,) = [arn for arn in starts if "-job/" in arn and second.record["execution_id"] in arn]
    assert "ingest" in started
    assert second.record["feature_group"]["written"] == 0
    assert second.record["feature_group"]["already_there"] == COMBINATIONS
    assert (
        f"all 41,472 records are in {second.record['feature_group']['feature_group_name']}" in second.stdout
    )
    assert second.record["model_digest"] == first.record["model_digest"]
    assert second.record["metrics"] == first.record["metrics"]
    assert second.record["model_package"]["version"] > first.record["model_package"]["version"]
    assert bank.served_version() == second.record["model_package"]["version"]


def test_the_same_rows_give_the_same_model_again(bank: Bank, first: Ended) -> None:
    again = bank("run", "--fresh", *FEW_ROUNDS, *WITHOUT_MONITORS)

    assert again.returncode == 0, again.all_that_it_said
    assert [step for step in again.record["steps"] if step["cached"]] == []
    assert again.record["model_digest"] == first.record["model_digest"]


def test_the_sdks_own_local_mode_comes_to_the_same_model_and_evaluation(bank: Bank, first: Ended) -> None:
    local = bank("run", "--mode", "sdk-local", *FEW_ROUNDS)

    assert local.returncode == 0, local.all_that_it_said
    assert local.record["mode"] == "sdk-local"
    assert local.record["model_digest"] == first.record["model_digest"]
    assert local.record["parts"] == first.record["parts"]
    assert evaluation(local) == evaluation(first)
    assert probabilities(local) == pytest.approx(probabilities(first), abs=1e-6)
    assert local.record["feature_group"] == {}
    shown = [line.split()[0] for line in local.stdout.splitlines()[1:10]]
    assert shown == ["sdk", "upload", "definition", *LOCAL_JOBS, "good-enough", "create-model", "endpoint"]
    assert "sagemaker.core" in Path(local.record["log"]).read_text(encoding="utf-8")
    assert left_behind(local.build_dir) == []


def evaluation(ended: Ended) -> dict[str, Any]:
    """evaluation.json without the time at which it was made."""
    file = ended.build_dir / "report" / "bank" / "evaluation.json"
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    del read["dataset"]["evaluation_time"]
    return read


def probabilities(ended: Ended) -> list[float]:
    return [answer["probability"] for answer in ended.record["endpoint"]["answers"]]


def test_a_model_that_is_not_good_enough_fails_the_run_and_says_by_how_much(bank: Bank, first: Ended) -> None:
    before = bank.versions()

    ended = bank("run", *FEW_ROUNDS, *WITHOUT_MONITORS, "--set", "metric.threshold=0.99")

    assert ended.returncode == 1
    assert re.search(r"accuracy 0\.\d{4} misses the threshold 0\.9900 by 0\.\d{4}", ended.stderr)
    record = ended.record
    assert record["status"] == "Failed"
    assert [step["name"] for step in record["steps"]][-2:] == ["good-enough", "not-good-enough"]
    assert record["metrics"]["accuracy"] < 0.99
    assert bank.versions() == before


def test_a_missing_column_is_named_by_the_container_that_missed_it(bank: Bank, real_rows: Change) -> None:
    ended = bank("run", "--data", str(real_rows(lambda row: row[:1] + row[2:])))

    assert ended.returncode == 1
    assert "preprocess" in ended.stderr
    assert "missing column 'job'" in ended.stderr
    # The last lines of its log stand below the reason.
    assert re.search(r"^    .*Processing failed: .*'job'", ended.stderr, re.MULTILINE)
    assert "Traceback" not in ended.stderr
    assert "Full log: " in ended.stderr
    assert ended.record["status"] == "Failed"
    assert "job" in ended.record["failure_reason"]


def test_an_impossible_hyperparameter_is_named_by_the_container_that_refused_it(bank: Bank) -> None:
    ended = bank("run", *WITHOUT_MONITORS, "--set", "hyperparameters.eta=fast")

    assert ended.returncode == 1
    assert "eta" in ended.stderr
    assert ended.record["steps"][-1]["name"] == "train"
    assert ended.record["steps"][-1]["status"] == "Failed"


@pytest.mark.parametrize("mode", ["api", "sdk-local"])
def test_without_an_object_store_the_way_out_is_said(bank: Bank, mode: str) -> None:
    ended = bank("run", "--mode", mode, AWS_ENDPOINT_URL="http://127.0.0.1:1")

    assert ended.returncode == 1
    assert "make up" in ended.stderr
    assert ended.record["status"] == "Failed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_its_execution(bank: Bank, number: signal.Signals) -> None:
    # Hundreds of rounds: training is not over before it is stopped.
    returncode, said = interrupted(
        bank, number, "--fresh", *WITHOUT_MONITORS, "--set", "hyperparameters.num_round=2000"
    )

    assert returncode == 130
    assert "interrupted" in said
    record = json.loads((bank.build_dir / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "Stopped"
    described = bank.sagemaker.describe_pipeline_execution(
        PipelineExecutionArn=record["pipeline"]["execution_arn"]
    )
    assert described["PipelineExecutionStatus"] == "Stopped"


def test_an_interrupted_run_of_local_mode_stops_what_it_started(bank: Bank) -> None:
    returncode, said = interrupted(bank, signal.SIGINT, "--mode", "sdk-local")

    assert returncode == 130
    assert "interrupted" in said
    assert json.loads((bank.build_dir / "run.json").read_text(encoding="utf-8"))["status"] == "Stopped"
    assert left_behind(bank.build_dir) == []


def said_something(bank: Bank, execution_id: str) -> bool | None:
    """Whether an execution's training listens to signals by now: its first line comes after that."""
    try:
        streams = bank.localstack.client("logs").describe_log_streams(
            logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"pipelines-{execution_id}-"
        )["logStreams"]
    except ClientError:
        return None
    return True if streams else None


def interrupted(bank: Bank, number: signal.Signals, *arguments: str) -> tuple[int, str]:
    """A run that gets a signal once training has begun: its exit code, and what it said then."""
    execution_id = ""
    with subprocess.Popen(
        bank.command("run", *arguments),
        cwd=ROOT,
        env=bank.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[0] == "start":
                execution_id = line.split()[-1]
            # Training begins; local mode has no feature store.
            if line.split()[0] == ("features" if execution_id else "preprocess"):
                break
        if execution_id:
            wait_until(lambda: said_something(bank, execution_id), "training to say something")
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    return process.returncode, said
