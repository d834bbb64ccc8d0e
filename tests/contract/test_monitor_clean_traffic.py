"""Bank's own unseen rows, asked in windows as an hour's traffic is, raise no alarm."""

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.jobs import docker_run, prepare_training, preprocess
from orchestration.project_file import load_tabular
from tests.support.containers import serving
from tests.support.monitored import CSV, JobOf, Left, run_jobs

pytestmark = pytest.mark.skipif(
    "SLIPWAY_SOAK" not in os.environ, reason="36 jobs of the monitor, three minutes: make soak"
)

# A fifth of bank's rows, in as many whole windows as they fill.
UNSEEN_ROWS, WINDOW_ROWS, WINDOWS = 9_043, 500, 18
MODEL_QUALITY = CSV | {
    "analysis_type": "MODEL_QUALITY",
    "problem_type": "BinaryClassification",
    "inference_attribute": "predicted_label",
    "probability_attribute": "probability",
    "ground_truth_attribute": "label",
    "positive_label": "yes",
}
LABELS = ("no", "yes")


@pytest.fixture(scope="module")
def jobs(
    preprocess_image: str,
    train_xgb_image: str,
    monitor_image: str,
    bank_csv: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Left]:
    """Both baselines, and each window held against them."""
    project = load_tabular("bank")
    root = tmp_path_factory.mktemp("bank")
    preprocess(preprocess_image, project, bank_csv, project.split.seed, root / "parts")
    prepare_training(project.hyperparameters, root / "parts", root / "trained")
    docker_run(train_xgb_image, ["train"], root / "trained")
    outputs = root / "parts" / "processing" / "output"
    header, *_ = (outputs / "baseline" / "baseline.csv").read_text("utf-8").split("\n", 1)
    test, live = (
        (outputs / part).read_text("utf-8").splitlines() for part in ("test/test.csv", "live/encoded.csv")
    )
    with serving(train_xgb_image, root / "trained" / "model") as endpoint:
        rows = [line.partition(",") for line in [*test, *live]]
        answers = endpoint.invoke("text/csv", "".join(f"{row}\n" for _, _, row in rows)).text.splitlines()
    told = [f"{LABELS[int(label)]},{answer}" for (label, _, _), answer in zip(rows, answers, strict=True)]
    # The file is in the order of years: an hour's callers are not.
    drawn = random.Random(0).sample(range(len(rows)), UNSEEN_ROWS)
    work = {
        "data-baseline": JobOf({"rows.csv": (outputs / "baseline" / "baseline.csv").read_bytes()}, CSV),
        "model-baseline": JobOf({"rows.csv": answered(told[: len(test)])}, MODEL_QUALITY),
    }
    for window in range(WINDOWS):
        places = drawn[window * WINDOW_ROWS :][:WINDOW_ROWS]
        encoded = "".join(f"{line}\n" for line in [header, *(rows[place][2] for place in places)])
        work[f"data-{window}"] = JobOf({"rows.csv": encoded}, CSV, expects="data-baseline")
        work[f"model-{window}"] = JobOf(
            {"rows.csv": answered([told[place] for place in places])}, MODEL_QUALITY, "model-baseline"
        )
    return run_jobs(monitor_image, tmp_path_factory.mktemp("windows"), work)


def answered(told: Sequence[str]) -> str:
    """What was true and what was answered, as a dataset."""
    return "".join(f"{line}\n" for line in ["label,predicted_label,probability", *told])


@pytest.mark.parametrize("monitor", ["data", "model"])
def test_at_most_one_window_of_clean_traffic_has_a_violation(jobs: dict[str, Left], monitor: str) -> None:
    windows = {name: left for name, left in jobs.items() if name.startswith(f"{monitor}-")}

    assert {left.exit_code for left in windows.values()} == {0}
    assert len(windows) == 1 + WINDOWS
    violated = {
        name: left.document("constraint_violations.json")["violations"]
        for name, left in windows.items()
        if "CompletedWithViolations" in left.message
    }
    assert len(violated) <= 1, violated
