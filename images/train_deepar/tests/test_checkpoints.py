from pathlib import Path

import pytest
import torch
from smcontract.failure import ContractError
from train_deepar.checkpoints import CHECKPOINT_FILE, Checkpoints

STATE = {"epoch": 3, "losses": [0.5, 0.25], "network": {"w": torch.arange(3.0)}, "current": None}


def test_a_state_that_was_kept_is_found_by_the_next_job(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "mine").save({"epoch": 2})
    Checkpoints(tmp_path, "mine").save(STATE)

    found = Checkpoints(tmp_path, "mine").load()

    assert found is not None
    assert torch.equal(found.pop("network")["w"], STATE["network"]["w"])  # type: ignore[index]
    assert found == {"epoch": 3, "losses": [0.5, 0.25], "current": None}
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]


def test_what_a_killed_job_had_half_written_is_no_state(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "mine").save(STATE)
    (tmp_path / f".{CHECKPOINT_FILE}.part").write_bytes(b"half of")

    found = Checkpoints(tmp_path, "mine").load()

    assert found is not None
    assert found["epoch"] == 3


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    Checkpoints(tmp_path / "none", "mine").save(STATE)

    assert not (tmp_path / "none").exists()
    assert Checkpoints(tmp_path / "none", "mine").load() is None
    assert Checkpoints(tmp_path, "mine").load() is None


def test_another_jobs_state_is_refused(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "theirs").save(STATE)

    with pytest.raises(ContractError, match="give this job a checkpoint path of its own"):
        Checkpoints(tmp_path, "mine").load()


def test_what_is_no_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"no state")

    with pytest.raises(ContractError, match=r"checkpoint.pt cannot be read .*empty the checkpoint path"):
        Checkpoints(tmp_path, "mine").load()
