"""A project that forecasts through the same life as any: rows to a deployed version, days watched, retrained.

On two stores, with a network that learns little: what is asserted is that the parts fit.
"""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from projects.retail.generate import COLUMNS, LAST_DAY, write_rows
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.project_runs import Ended, Verbs

STORES = ("12", "60")
DAYS, HORIZON = 160, 30
SMALL = {
    "context_length": 14,
    "epochs": 2,
    "num_batches_per_epoch": 5,
    "num_layers": 1,
    "num_cells": 8,
}
# The day after all that was trained on.
NEXT_DAY = "2026/01/30"
RETRAINING, TRAINING = "slipway-retail-retraining", "slipway-retail-training"
Row = dict[str, str]


@pytest.fixture(scope="module")
def retail(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Verbs:
    return Verbs(emulator.localstack, tmp_path_factory.mktemp("retail") / "build", "retail")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last days of two stores' sales."""
    folder = tmp_path_factory.mktemp("rows")
    # 98 series a day, some days missing.
    write_rows(folder / "all.csv", DAYS * 96, seed=3)
    kept = [row for row in read(folder / "all.csv") if row["store"] in STORES]
    (folder / "rows.csv").write_text(written(kept), encoding="utf-8")
    return folder / "rows.csv"


@pytest.fixture(scope="module")
def ran(retail: Verbs, rows: Path) -> Ended:
    """A run to a deployed version."""
    small = [f"hyperparameters.{name}={value}" for name, value in SMALL.items()]
    settings = [text for value in (*small, "metric.threshold=10") for text in ("--set", value)]
    ended = retail("run", "--data", str(rows), *settings)
    assert ended.returncode == 0, ended.all_that_it_said
    return ended


@pytest.fixture(scope="module")
def answers(retail: Verbs, ran: Ended, rows: Path) -> list[dict[str, Any]]:
    """What the endpoint forecasts of every series by its key: the days after all that the model knows."""
    assert ran.returncode == 0
    prices = {f"{row['store']}_{row['item']}": price(row) for row in read(rows)}
    instances = [
        {"item_id": name, "known": {"unit_price": [each] * HORIZON}} for name, each in prices.items()
    ]
    runtime = retail.localstack.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(
        EndpointName=retail.name,
        ContentType="application/json",
        Body=json.dumps({"instances": instances}),
        InferenceId="all-series",
    )
    found: list[dict[str, Any]] = json.loads(answer["Body"].read())["predictions"]
    wait_until(lambda: True if '"all-series"' in captured(retail) else None, "the call to be captured")
    return found


@pytest.fixture(scope="module")
def watched(retail: Verbs, rows: Path, answers: list[dict[str, Any]]) -> Ended:
    """A daily check, after a day on which five times as much was sold as forecast."""
    static = {f"{row['store']}_{row['item']}": row for row in read(rows)}
    came = [
        {
            **static[each["item_id"]],
            "date": each["start"],
            "quantity": str(round(5 * each["mean"][0] + 5)),
        }
        for each in answers
    ]
    retail.localstack.client("s3").put_object(
        Bucket=retail.name, Key=f"actuals/{NEXT_DAY}/rows.csv", Body=written(came).encode()
    )
    ended = retail("monitor")
    assert ended.returncode == 0, ended.all_that_it_said
    return ended


def test_a_run_shows_series_losses_an_interval_beside_the_actuals_and_what_another_price_would_do(
    ran: Ended,
) -> None:
    said = ran.stdout

    steps = re.findall(r"^  (\S+) +[0-9.]+ s(?: |$)", said, re.MULTILINE)
    assert {"preprocess", "ingest", "train", "evaluate", "baseline", "model-baseline"} < set(steps)
    assert steps[-2:] == ["approve", "endpoint"]
    assert f"to {LAST_DAY}; rows: " in said
    assert "seasonal naive" in said
    assert "80 % interval" in said
    assert "with unit_price -20% on all 30 days" in said
    assert "asked by name and encoded: same answers" in said
    # So that nobody takes them for more than they are.
    assert ran.record["data"]["synthetic"] is False


def test_the_record_keeps_the_figures(ran: Ended) -> None:
    record = ran.record

    naive = record["reference"]["seasonal_naive"]["mean_weighted_quantile_loss"]
    metrics = record["metrics"]
    relative = metrics["relative_mean_weighted_quantile_loss"]
    assert relative == pytest.approx(metrics["mean_weighted_quantile_loss"] / naive)
    assert record["parts"]["test"]["rows"] == record["data"]["rows"]
    assert record["endpoint"]["what_if"]["feature"] == "unit_price"
    for answer in record["endpoint"]["answers"]:
        assert len(answer["mean"]) == len(answer["actual"]) == HORIZON
    assert (ran.build_dir / "report" / "retail" / "report.html").is_file()


def test_the_version_was_registered_with_baselines_and_the_group_of_its_places(
    retail: Verbs, ran: Ended
) -> None:
    package = retail.version(ran.record["model_package"]["version"])

    assert package["ModelApprovalStatus"] == "Approved"
    assert set(package["DriftCheckBaselines"]) == {"ModelQuality", "ModelDataQuality"}
    group = package["CustomerMetadataProperties"]["feature-group-name"]
    record = retail.localstack.client("sagemaker-featurestore-runtime").get_record(
        FeatureGroupName=group, RecordIdentifierValueAsString="12"
    )["Record"]
    assert {"store", "latitude", "longitude", "amenity_count", "tourism_count"} <= {
        each["FeatureName"] for each in record
    }


def test_the_endpoint_forecasts_every_series_from_the_day_after_what_it_knows(
    answers: list[dict[str, Any]], rows: Path
) -> None:
    series = {f"{row['store']}_{row['item']}" for row in read(rows)}

    assert {each["item_id"] for each in answers} == series
    assert {each["start"] for each in answers} == {NEXT_DAY.replace("/", "-")}
    for each in answers:
        low, middle, high = (each["quantiles"][level] for level in ("0.1", "0.5", "0.9"))
        assert all(0 <= a <= b <= c for a, b, c in zip(low, middle, high, strict=True))


def test_a_day_of_other_sales_is_a_violation_of_the_forecasts_and_not_of_the_prices(watched: Ended) -> None:
    monitors = watched.written("monitor")["monitors"]

    assert monitors["data-quality"]["status"] == "Completed", monitors["data-quality"]
    quality = monitors["model-quality"]
    assert quality["status"] == "CompletedWithViolations", quality
    assert (quality["window_start"], quality["window_end"]) == (
        "2026-01-30T00:00:00Z",
        "2026-01-31T00:00:00Z",
    )
    violated = {each["metric_name"]: each["constraint_check_type"] for each in quality["violations"]}
    assert violated["mean_weighted_quantile_loss"] == "GreaterThanThreshold"
    assert quality["rows"] == monitors["data-quality"]["rows"]


def test_the_violation_starts_a_retraining_on_the_rows_and_those_of_that_day(
    retail: Verbs, watched: Ended, rows: Path
) -> None:
    assert watched.returncode == 0
    sagemaker = retail.sagemaker

    def retrained() -> str | None:
        listed = sagemaker.list_pipeline_executions(PipelineName=RETRAINING)["PipelineExecutionSummaries"]
        ended = [each for each in listed if each["PipelineExecutionStatus"] != "Executing"]
        return ended[0]["PipelineExecutionArn"] if ended else None

    arn = wait_until(retrained, "the retraining to end", 120)
    described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionStatus"] == "Succeeded", described
    # Up to which moment, which is what keeps another violation of the same day from starting one.
    assert described["PipelineExecutionDisplayName"] == "until-20260131T000000Z"
    key = f"incoming/retraining-{arn.rpartition('/')[2]}/rows.csv"
    body = retail.localstack.client("s3").get_object(Bucket=retail.name, Key=key)["Body"].read().decode()
    appended = list(csv.DictReader(io.StringIO(body)))
    new = [row for row in appended if row["date"] == NEXT_DAY.replace("/", "-")]
    assert len(appended) == len(read(rows)) + len(new)
    assert len(new) == watched.written("monitor")["monitors"]["model-quality"]["rows"]

    def training() -> str | None:
        for each in sagemaker.list_pipeline_executions(PipelineName=TRAINING)["PipelineExecutionSummaries"]:
            given = sagemaker.list_pipeline_parameters_for_execution(
                PipelineExecutionArn=each["PipelineExecutionArn"]
            )["PipelineParameters"]
            if {"Name": "DataKey", "Value": key} in given:
                return str(each["PipelineExecutionArn"])
        return None

    started = wait_until(training, "new rows to start the training pipeline", 60)
    # That it has started is all that is asked of it.
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=started, ClientRequestToken=uuid4().hex)


def read(file: Path) -> list[Row]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines(), delimiter=";"))


def written(rows: list[Row]) -> str:
    """Rows as they come: `;` between cells and a comma in prices."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, delimiter=";", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def price(row: Row) -> float:
    return float(row["unit_price"].replace(",", "."))


def captured(retail: Verbs) -> str:
    """All that the endpoint has captured."""
    s3 = retail.localstack.client("s3")
    listed = s3.list_objects_v2(Bucket=retail.name, Prefix=f"captured/{retail.name}/").get("Contents", [])
    return "".join(
        s3.get_object(Bucket=retail.name, Key=item["Key"])["Body"].read().decode() for item in listed
    )
