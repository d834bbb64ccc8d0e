"""The train_xgb image keeps SageMaker's training contract."""

import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from tests.support.containers import ended, run_job, run_python, started_job, wait_until
from tests.support.train_xgb_data import ENCODED_NAMES, ENCODER, TRAIN_CSV, write_training_root

README = Path(__file__).parents[2] / "images" / "train_xgb" / "README.md"
QUICK = {"num_round": "12", "eta": "0.3"}


def manifest_of(root: Path) -> dict[str, object]:
    document = json.loads((root / "model" / "manifest.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def failure_of(root: Path) -> str:
    return (root / "output" / "failure").read_text(encoding="utf-8")


def documented_regexes() -> dict[str, str]:
    """Metric names and regular expressions from the README's table."""
    rows = re.findall(
        r"^\| `([a-z]+:[a-z]+)` \| `(.+?)` \|", README.read_text(encoding="utf-8"), re.MULTILINE
    )
    return dict(rows)


def test_a_job_leaves_the_artefact_and_nothing_else(train_xgb_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", QUICK)

    outcome = run_job(train_xgb_image, ["train"], root)

    assert outcome.exit_code == 0, outcome.stderr
    assert not (root / "output" / "failure").exists()
    assert sorted(path.name for path in (root / "model").iterdir()) == [
        "encoder.json",
        "manifest.json",
        "model.ubj",
    ]
    assert json.loads((root / "model/encoder.json").read_text(encoding="utf-8")) == ENCODER


def test_the_manifest_tells_what_the_model_is_and_where_it_came_from(
    train_xgb_image: str, tmp_path: Path
) -> None:
    root = write_training_root(tmp_path / "ml", QUICK | {"decision_threshold": "0.4"})
    assert run_job(train_xgb_image, ["train"], root).exit_code == 0

    manifest = manifest_of(root)

    version = run_python(train_xgb_image, "import xgboost; print(xgboost.__version__)", tmp_path).strip()
    assert manifest["format_version"] == 1
    assert manifest["xgboost_version"] == version
    assert manifest["features"] == ENCODED_NAMES
    assert manifest["labels"] == {"negative": "no", "positive": "yes"}
    assert (manifest["objective"], manifest["decision_threshold"]) == ("binary:logistic", 0.4)
    assert (manifest["best_iteration"], manifest["rounds_trained"]) == (11, 12)
    assert manifest["stopped_early_by"] is None
    hyperparameters = manifest["hyperparameters"]
    assert isinstance(hyperparameters, dict)
    assert (hyperparameters["eta"], hyperparameters["nthread"], hyperparameters["lambda"]) == (0.3, 2, 1.0)
    data, files = manifest["data"], manifest["files"]
    assert isinstance(data, dict)
    assert isinstance(files, dict)
    assert data["train"]["sha256"] == hashlib.sha256(TRAIN_CSV.encode()).hexdigest()
    assert data["train"]["rows"] == 600
    assert set(data) == {"train", "validation"}
    model = (root / "model/model.ubj").read_bytes()
    assert files["model.ubj"] == {"sha256": hashlib.sha256(model).hexdigest(), "bytes": len(model)}


def test_the_same_inputs_give_the_same_bytes(train_xgb_image: str, tmp_path: Path) -> None:
    roots = [write_training_root(tmp_path / name, {"num_round": "40"}) for name in ("first", "second")]
    # The second has one core less at its disposal, which must make no difference.
    for root, options in zip(roots, ({}, {"cpuset_cpus": "0"}), strict=True):
        assert run_job(train_xgb_image, ["train"], root, **options).exit_code == 0

    for name in ("model.ubj", "manifest.json", "encoder.json"):
        assert (roots[0] / "model" / name).read_bytes() == (roots[1] / "model" / name).read_bytes()


def test_hyperparameters_may_be_encoded_as_json(train_xgb_image: str, tmp_path: Path) -> None:
    given = {"num_round": '"6"', "tree_method": '"approx"', "eta": "0.25", "eval_metric": '["auc"]'}
    root = write_training_root(tmp_path / "ml", given)

    assert run_job(train_xgb_image, ["train"], root).exit_code == 0

    used = manifest_of(root)["hyperparameters"]
    assert isinstance(used, dict)
    assert {name: used[name] for name in given} == {
        "num_round": 6,
        "tree_method": "approx",
        "eta": 0.25,
        "eval_metric": ["auc"],
    }


def test_metric_lines_match_the_documented_regexes(train_xgb_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", QUICK)
    regexes = documented_regexes()

    lines = run_job(train_xgb_image, ["train"], root).stdout.splitlines()

    metrics = manifest_of(root)["metrics"]
    assert isinstance(metrics, dict)
    assert set(regexes) == set(metrics)
    for name, regex in regexes.items():
        found = [float(match[1]) for line in lines if (match := re.search(regex, line))]
        assert len(found) == 12 + 1  # one a round and the final one
        assert found[-1] == pytest.approx(metrics[name], abs=1e-6)
    # The last value of a name is what FinalMetricDataList shows; it is on a line of its own.
    assert f"validation:auc={metrics['validation:auc']:.6f};" in lines


def test_early_stopping_keeps_only_the_best_rounds(train_xgb_image: str, tmp_path: Path) -> None:
    root = write_training_root(
        tmp_path / "ml", {"num_round": "500", "eta": "0.3", "early_stopping_rounds": "10"}
    )

    assert run_job(train_xgb_image, ["train"], root).exit_code == 0

    manifest = manifest_of(root)
    best = manifest["best_iteration"]
    assert isinstance(best, int)
    assert manifest["stopped_early_by"] == "early_stopping_rounds"
    assert manifest["rounds_trained"] == best + 1 + 10
    program = (
        "import xgboost; print(xgboost.Booster(model_file='/opt/ml/model/model.ubj').num_boosted_rounds())"
    )
    assert int(run_python(train_xgb_image, program, root)) == best + 1


def test_pca_is_fitted_and_kept_as_numbers(train_xgb_image: str, tmp_path: Path) -> None:
    rows = "".join(line + "\n" for line in TRAIN_CSV.splitlines() if ",," not in line)
    root = write_training_root(tmp_path / "ml", QUICK | {"pca_components": "3"}, train=rows, validation=None)

    outcome = run_job(train_xgb_image, ["train"], root)

    assert outcome.exit_code == 0, outcome.stderr
    pca = json.loads((root / "model/pca.json").read_text(encoding="utf-8"))
    assert [len(component) for component in pca["components"]] == [len(ENCODED_NAMES)] * 3
    assert manifest_of(root)["pca_components"] == 3


@pytest.mark.parametrize(
    ("hyperparameters", "reasons"),
    [
        ({"eta": "fast"}, ["eta='fast' must be a number above 0 and at most 1"]),
        ({"max_dept": "3"}, ["'max_dept' is not a hyperparameter (did you mean max_depth"]),
        ({"eta": "2", "nun_round": "5", "subsample": "-1"}, ["eta=2", "num_round?", "subsample=-1"]),
        ({"pca_components": "99"}, ["pca_components=99", "at most 7"]),
    ],
)
def test_wrong_hyperparameters_become_the_failure_reason(
    train_xgb_image: str, tmp_path: Path, hyperparameters: dict[str, str], reasons: list[str]
) -> None:
    # No empty cells, so that PCA has nothing else to say.
    rows = "".join(line + "\n" for line in TRAIN_CSV.splitlines() if ",," not in line)
    root = write_training_root(tmp_path / "ml", hyperparameters, train=rows)

    outcome = run_job(train_xgb_image, ["train"], root)

    assert outcome.exit_code == 1
    assert all(reason in failure_of(root) for reason in reasons)
    assert "Traceback" not in outcome.stderr
    assert list((root / "model").iterdir()) == []


def test_early_stopping_without_a_validation_channel_is_refused(train_xgb_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", {"early_stopping_rounds": "5"}, validation=None)

    assert run_job(train_xgb_image, ["train"], root).exit_code == 1
    assert "early_stopping_rounds needs the channel 'validation'" in failure_of(root)


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        ({"train": ""}, "/opt/ml/input/data/train/train.csv is empty"),
        ({"validation": ""}, "/opt/ml/input/data/validation/validation.csv is empty"),
        ({"train": TRAIN_CSV + "1,2,3\n"}, "train.csv, line 601: 3 columns, expected 8"),
        (
            {"train": TRAIN_CSV + "1,0,old,1,0,0,0,0\n"},
            "train.csv, line 601: column 3 (rate) is 'old', not a number",
        ),
        ({"train": TRAIN_CSV + "nan,0,0,1,0,0,0,0\n"}, "line 601: column 1 (the label) is 'nan'"),
        ({"train": "0,0,0,1,0,0,0,0\n" * 20}, "all 20 rows have the label 0"),
        ({"train": None}, "channel 'train' is missing"),
        ({"encoder": None}, "channel 'encoder' is missing"),
        ({"encoder": "{}"}, "encoder.json is not an encoder"),
    ],
)
def test_unusable_data_become_the_failure_reason(
    train_xgb_image: str, tmp_path: Path, channels: dict[str, str], reason: str
) -> None:
    root = write_training_root(tmp_path / "ml", QUICK, **channels)

    outcome = run_job(train_xgb_image, ["train"], root)

    assert outcome.exit_code == 1
    assert reason in failure_of(root)
    assert "Traceback" not in outcome.stderr


def test_several_hosts_are_refused(train_xgb_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", QUICK)
    hosts = {"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}
    (root / "input/config/resourceconfig.json").write_text(json.dumps(hosts))

    assert run_job(train_xgb_image, ["train"], root).exit_code == 1
    assert "set InstanceCount to 1" in failure_of(root)


def test_a_full_disk_becomes_the_failure_reason(train_xgb_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", {"num_round": "300"})

    outcome = run_job(train_xgb_image, ["train"], root, tmpfs={"/opt/ml/model": "size=64k"})

    assert outcome.exit_code == 1
    assert "No space left on device while writing /opt/ml/model" in failure_of(root)


def test_sigterm_keeps_the_best_model_so_far(train_xgb_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", {"num_round": "100000", "max_depth": "2"})

    with started_job(train_xgb_image, ["train"], root) as container:
        wait_until(lambda: b"\n[3] " in container.logs() or None, "the fourth round")
        container.kill(signal="SIGTERM")
        outcome = ended(container)

    assert outcome.exit_code == 0, outcome.stderr
    manifest = manifest_of(root)
    best, trained = manifest["best_iteration"], manifest["rounds_trained"]
    assert manifest["stopped_early_by"] == "SIGTERM"
    assert isinstance(best, int)
    assert isinstance(trained, int)
    assert best < trained < 100_000
    program = (
        "import xgboost; print(xgboost.Booster(model_file='/opt/ml/model/model.ubj').num_boosted_rounds())"
    )
    assert int(run_python(train_xgb_image, program, root)) == best + 1


def test_sigterm_before_the_first_round_says_that_there_is_no_model(
    train_xgb_image: str, tmp_path: Path
) -> None:
    root = write_training_root(tmp_path / "ml", QUICK)
    encoder = root / "input/data/encoder/encoder.json"
    content = encoder.read_bytes()
    # The job waits here for its encoder until somebody writes it.
    encoder.unlink()
    os.mkfifo(encoder)

    def opened() -> int | None:
        try:
            return os.open(encoder, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None  # nobody reads yet

    with started_job(train_xgb_image, ["train"], root) as container:
        pipe = wait_until(opened, "the job to read its encoder")
        container.kill(signal="SIGTERM")
        os.write(pipe, content)
        os.close(pipe)
        outcome = ended(container)

    assert outcome.exit_code == 1
    assert "Stopped by SIGTERM before the first round was done" in failure_of(root)
    assert list((root / "model").iterdir()) == []


def test_any_user_may_train_on_a_read_only_root(train_xgb_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", QUICK)
    for path in (root, *root.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)

    outcome = run_job(
        train_xgb_image, ["train"], root, user="12345:12345", read_only=True, tmpfs={"/tmp": ""}
    )

    assert outcome.exit_code == 0, outcome.stderr
    assert (root / "model/model.ubj").stat().st_uid == 12345


def test_an_unknown_command_shows_the_commands(train_xgb_image: str, tmp_path: Path) -> None:
    outcome = run_job(train_xgb_image, ["fly"], tmp_path)

    assert outcome.exit_code == 2
    assert all(command in outcome.stderr for command in ("train", "serve", "evaluate"))
