"""Checkpoints: how far training has come, so that the next job goes on from there."""

import io
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import torch
from smcontract.failure import ContractError

log = logging.getLogger(__name__)

CHECKPOINT_FILE = "checkpoint.pt"
VERSION = 1

State = dict[str, Any]


class Checkpoints:
    """One file that always holds a whole state; nothing is kept where the job was given no folder.

    SageMaker makes the folder where a job has a CheckpointConfig, fills it from S3 and mirrors it there.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._path = folder / CHECKPOINT_FILE
        self._is_wanted = folder.is_dir()
        self._fingerprint = fingerprint

    def load(self) -> State | None:
        """The state of the job before; None where there is none.

        Raises ContractError for another job's state: other data or hyperparameters learn something else.
        """
        if not self._is_wanted or not self._path.is_file():
            return None
        try:
            state = torch.load(self._path, map_location="cpu", weights_only=True)
            version, fingerprint = state["version"], state["fingerprint"]
        except (RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as error:
            raise ContractError(
                f"{self._path} cannot be read ({type(error).__name__}); empty the checkpoint path."
            ) from error
        if (version, fingerprint) != (VERSION, self._fingerprint):
            raise ContractError(
                f"{self._path} belongs to a job with other data, hyperparameters or hosts; give this job a "
                "checkpoint path of its own, or the same inputs as before."
            )
        return dict(state["state"])

    def save(self, state: State) -> None:
        """Keep `state`; a kill at any moment leaves it or the one before."""
        if not self._is_wanted:
            return
        buffer = io.BytesIO()
        torch.save({"version": VERSION, "fingerprint": self._fingerprint, "state": state}, buffer)
        passing = self._path.with_name(f".{CHECKPOINT_FILE}.part")
        with passing.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        passing.replace(self._path)
