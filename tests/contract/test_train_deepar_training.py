"""The train_deepar image keeps SageMaker's training contract, alone and on several hosts."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest

from tests.support.containers import LABELS, Ended, ended, run_job, run_python, started_job, wait_until
from tests.support.train_deepar_data import ENDS, PANEL, SALES, series_jsonl, write_training_root

README = Path(__file__).parents[2] / "images" / "train_deepar" / "README.md"
QUICK = {
    "epochs": "3",
    "num_batches_per_epoch": "4",
    "mini_batch_size": "8",
    "context_length": "28",
    "num_cells": "8",
    "num_layers": "1",
    "num_models": "2",
    "seed": "3",
}
# So many short epochs that a signal meets the training in the middle of them, and so few that it ends soon.
LONG = QUICK | {"epochs": "40", "num_models": "1", "early_stopping_patience": "1000"}
# What is the same in two models, bit for bit, is one number: the sum of a digest.
DIGEST = """
import hashlib, torch
for network in torch.load('/opt/ml/model/weights.pt', weights_only=True, map_location='cpu'):
    whole = hashlib.sha256()
    for name in sorted(network):
        whole.update(name.encode() + network[name].numpy().tobytes())
    print(whole.hexdigest())
"""


@pytest.fixture(scope="module")
def trained(train_deepar_image: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A job that has ended well: its folder and what it said."""
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", QUICK, history="test")
    outcome = run_job(train_deepar_image, ["train"], root)
    assert outcome.exit_code == 0, outcome.stderr
    return root, outcome


@pytest.fixture(scope="module")
def undisturbed(train_deepar_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a LONG job that nobody has interrupted."""
    root = write_training_root(tmp_path_factory.mktemp("undisturbed") / "ml", LONG)
    outcome = run_job(train_deepar_image, ["train"], root)
    assert outcome.exit_code == 0, outcome.stderr
    return root


def manifest_of(root: Path) -> dict[str, Any]:
    document = json.loads((root / "model" / "manifest.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def failure_of(root: Path) -> str:
    return (root / "output" / "failure").read_text(encoding="utf-8")


def weights_of(image: str, root: Path) -> list[str]:
    """A digest for each network."""
    return run_python(image, DIGEST, root).split()


def test_a_job_leaves_the_artefact_and_nothing_else(trained: tuple[Path, Ended]) -> None:
    root, _ = trained

    assert not (root / "output" / "failure").exists()
    assert sorted(path.name for path in (root / "model").iterdir()) == [
        "history.jsonl.gz",
        "manifest.json",
        "panel.json",
        "weights.pt",
    ]
    assert json.loads((root / "model/panel.json").read_text(encoding="utf-8")) == PANEL


def test_the_manifest_tells_how_the_model_was_made(trained: tuple[Path, Ended]) -> None:
    manifest = manifest_of(trained[0])

    assert (manifest["estimator"], manifest["prediction_length"], manifest["context_length"]) == (
        "deepar",
        7,
        28,
    )
    # Counts from 0 on: the panel says so.
    assert manifest["architecture"]["likelihood"] == "negative-binomial"
    assert [each["epochs"] for each in manifest["fitted"]] == [3]
    assert [each["epochs"] for each in manifest["refitted"]] == [3, 3]
    # The first day is 2025-01-06, and the validation part has 161 days.
    assert (ENDS["validation"], manifest["trained_until"]) == (161, "2025-06-15")
    assert all(0.8 <= factor <= 1.3 for factor in manifest["calibration"].values())
    assert manifest["data"]["train"]["series"] == len(SALES)
    assert (manifest["hosts"], manifest["stopped_early_by"]) == (1, None)


def test_metric_lines_match_the_documented_regexes(trained: tuple[Path, Ended]) -> None:
    root, outcome = trained
    table = re.findall(
        r"^\| `([a-z0-9_:]+)` \| `(.+?)` \|$", README.read_text(encoding="utf-8"), re.MULTILINE
    )
    metrics = manifest_of(root)["metrics"]

    assert {name for name, _ in table} == set(metrics)
    for name, regex in table:
        found = [float(match[1]) for line in outcome.stdout.splitlines() if (match := re.search(regex, line))]
        assert found[-1] == pytest.approx(metrics[name], abs=1e-6)
        # One of three networks has a validation window to lose on.
        epochs = {"train:loss": 9, "validation:loss": 3, "epoch": 9}.get(name, 0)
        assert len(found) == epochs + 1, name


def test_what_the_model_is_given_to_know_is_not_learnt(
    train_deepar_image: str, trained: tuple[Path, Ended], tmp_path: Path
) -> None:
    root = write_training_root(tmp_path / "ml", QUICK, history="train")
    assert run_job(train_deepar_image, ["train"], root).exit_code == 0

    assert weights_of(train_deepar_image, root) == weights_of(train_deepar_image, trained[0])
    histories = [(each / "model/history.jsonl.gz").read_bytes() for each in (root, trained[0])]
    assert histories[0] != histories[1]


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGTERM"])
def test_a_job_that_was_interrupted_is_continued_by_the_next_to_the_very_same_weights(
    train_deepar_image: str, undisturbed: Path, tmp_path: Path, signal: str
) -> None:
    root = write_training_root(tmp_path / "ml", LONG)
    (root / "checkpoints").mkdir()

    with started_job(train_deepar_image, ["train"], root) as container:
        wait_until(lambda: b"epoch=12;" in container.logs() or None, "the twelfth epoch")
        container.kill(signal=signal)
        first = ended(container)
    second = run_job(train_deepar_image, ["train"], root)

    assert second.exit_code == 0, second.stderr
    if signal == "SIGTERM":
        # What was reached is kept as a model, and the checkpoint is of the batch at which the signal came.
        assert first.exit_code == 0, first.stderr
        assert "training.interrupted by=SIGTERM" in first.stdout
    assert "checkpoint.found" in second.stdout
    epochs = [int(number) for number in re.findall(r"\[fit 0\].* epoch=(\d+);", second.stdout)]
    assert 12 < epochs[0] < 39
    assert epochs == list(range(epochs[0], 40))
    assert manifest_of(root)["fitted"] == manifest_of(undisturbed)["fitted"]
    assert weights_of(train_deepar_image, root) == weights_of(train_deepar_image, undisturbed)


def test_another_jobs_checkpoint_is_refused(train_deepar_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", QUICK)
    (root / "checkpoints").mkdir()
    assert run_job(train_deepar_image, ["train"], root).exit_code == 0
    (root / "input/config/hyperparameters.json").write_text(json.dumps(QUICK | {"num_cells": "9"}))

    assert run_job(train_deepar_image, ["train"], root).exit_code == 1
    assert "checkpoint.pt belongs to a job with other data, hyperparameters or hosts" in failure_of(root)


@contextmanager
def hosts_of_a_job(image: str, roots: list[Path]) -> Iterator[list[Any]]:
    """Containers algo-1, algo-2, … of `image` on a network of their own, each with its folder, running."""
    names = [f"algo-{number}" for number in range(1, len(roots) + 1)]
    for name, root in zip(names, roots, strict=True):
        config = {"current_host": name, "hosts": names, "network_interface_name": "eth0"}
        (root / "input/config/resourceconfig.json").write_text(json.dumps(config))
    with closing(docker.from_env()) as engine, ExitStack() as stack:
        network = engine.networks.create(f"slipway-test-{uuid4().hex[:8]}", labels=LABELS)
        stack.callback(network.remove)
        containers = []
        for name, root in zip(names, roots, strict=True):
            aliases = engine.api.create_endpoint_config(aliases=[name])
            started = started_job(
                image,
                ["train"],
                root,
                hostname=name,
                network=network.name,
                networking_config={network.name: aliases},
            )
            containers.append(stack.enter_context(started))
        yield containers


def lines_of(part: str, keep: Callable[[int], bool]) -> str:
    """Those of a part's series whose position is kept."""
    return "".join(line for number, line in enumerate(series_jsonl(part).splitlines(True)) if keep(number))


def sharded_roots(folder: Path, hyperparameters: Mapping[str, str]) -> list[Path]:
    """Two hosts' folders, with every second series each."""
    roots = []
    for rank in range(2):
        root = write_training_root(folder / f"algo-{rank + 1}", hyperparameters)
        for part, channel in (("train", "train"), ("validation", "validation"), ("validation", "history")):
            text = lines_of(part, lambda number, rank=rank: number % 2 == rank)  # type: ignore[misc]
            (root / "input/data" / channel / "series.jsonl").write_text(text, encoding="utf-8")
        roots.append(root)
    return roots


def run_hosts(image: str, roots: list[Path]) -> list[Ended]:
    with hosts_of_a_job(image, roots) as containers:
        outcomes = [ended(container) for container in containers]
    assert [outcome.exit_code for outcome in outcomes] == [0, 0], [outcome.stderr for outcome in outcomes]
    return outcomes


def test_two_hosts_learn_one_model_that_neither_learns_alone(train_deepar_image: str, tmp_path: Path) -> None:
    sharded = sharded_roots(tmp_path / "sharded", QUICK)
    for root in sharded:
        (root / "checkpoints").mkdir()
    replicated = [write_training_root(tmp_path / f"whole-{rank}", QUICK) for rank in (1, 2)]
    alone = sharded_roots(tmp_path / "alone", QUICK)

    outcomes = run_hosts(train_deepar_image, sharded)
    run_hosts(train_deepar_image, replicated)
    for root in alone:
        assert run_job(train_deepar_image, ["train"], root).exit_code == 0

    # Both hosts end with the same weights, which each prints a digest of.
    digests = [re.findall(r"network.learnt .*sha256=([0-9a-f]+)", each.stdout) for each in outcomes]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 3
    together = weights_of(train_deepar_image, sharded[0])
    assert together not in [weights_of(train_deepar_image, root) for root in alone]
    # Sharded by the channel, or replicated and then divided: the same series on the same hosts.
    assert together == weights_of(train_deepar_image, replicated[0])
    assert list((sharded[1] / "model").iterdir()) == []
    assert list((sharded[1] / "checkpoints").iterdir()) == []
    assert manifest_of(sharded[0])["hosts"] == 2
    # The model knows the series of both.
    assert (sharded[0] / "model/history.jsonl.gz").read_bytes() == (
        replicated[0] / "model/history.jsonl.gz"
    ).read_bytes()


@pytest.mark.parametrize(
    ("hyperparameters", "reasons"),
    [
        ({"epochs": "many", "num_cell": "3"}, ["epochs='many' must be", "did you mean num_cells"]),
        ({"context_length": "150"}, ["series 12_409 has 154 days", "lower context_length"]),
    ],
)
def test_what_cannot_be_learnt_becomes_the_failure_reason(
    train_deepar_image: str, tmp_path: Path, hyperparameters: dict[str, str], reasons: list[str]
) -> None:
    root = write_training_root(tmp_path / "ml", QUICK | hyperparameters)

    outcome = run_job(train_deepar_image, ["train"], root)

    assert outcome.exit_code == 1
    assert all(reason in failure_of(root) for reason in reasons)
    assert "Traceback" not in outcome.stderr
    assert list((root / "model").iterdir()) == []


def test_any_user_may_train_on_a_read_only_root(train_deepar_image: str, tmp_path: Path) -> None:
    root = write_training_root(tmp_path / "ml", QUICK | {"epochs": "1", "estimator": "tft"})
    for path in (root, *root.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)

    outcome = run_job(
        train_deepar_image, ["train"], root, user="12345:12345", read_only=True, tmpfs={"/tmp": ""}
    )

    assert outcome.exit_code == 0, outcome.stderr
    assert (root / "model/weights.pt").stat().st_uid == 12345
