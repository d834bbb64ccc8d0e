"""What a SageMaker SDK is asked to do over an ordinary session, whichever its version.

Runs in the environment of that SDK: the standard library is all that may be
imported here. Nothing of the SDK is patched; the variables of `make env` are
all that it is told.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

CSV, JSON = "text/csv", "application/json"
INSTANCE = "ml.m5.large"
METRIC = "validation:auc"
CHANNELS = {"train": CSV, "validation": CSV, "encoder": JSON}
INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"


@dataclass(frozen=True, slots=True)
class Request:
    """Where the rows are, which images work on them, and what everything is called."""

    name: str
    data_uri: str
    preprocess_image: str
    train_xgb_image: str
    hyperparameters: dict[str, float]
    refused_hyperparameters: dict[str, str]
    program: str
    rows: str


class Client(Protocol):
    """An SDK, in the calls that its own documentation shows."""

    def where(self) -> dict[str, str]:
        """The session's own bucket, and the role that it finds."""

    def process(self) -> str:
        """Run the program as a processing job, waited for and its lines printed; returns its output's URI."""

    def train(self) -> str:
        """Run a training job, waited for and its lines printed; returns the model's URI."""

    def train_badly(self) -> None:
        """Run a training job whose hyperparameters are refused by its image; raises the SDK's own error."""

    def register(self) -> str:
        """Register the model as the first version of a group; returns its ARN."""

    def approve(self) -> str:
        """Approve the version; returns its status as it is afterwards."""

    def deploy_model(self) -> Any:
        """Put the model behind an endpoint and ask it about the rows."""

    def deploy_version(self) -> Any:
        """Put the registered version behind an endpoint and ask it about the rows."""

    def scale(self) -> int:
        """Give the version's endpoint a second instance; returns the number that it has afterwards."""

    def clean_up(self) -> None:
        """Delete the endpoints, waiting until they are gone, and what they were made of."""


def report(connect: Callable[[Request], Client]) -> None:
    """Have the client do all of it; write what came of it as JSON into the file that the argument names."""
    hosts: set[str] = set()
    sys.addaudithook(lambda event, arguments: _note_host(hosts, event, arguments))
    client = connect(Request(**json.load(sys.stdin)))
    results = {
        **client.where(),
        "processed": client.process(),
        "model": client.train(),
        "failure": _error_of(client.train_badly),
        "version": client.register(),
        "approval": client.approve(),
        "answer": client.deploy_model(),
        "version_answer": client.deploy_version(),
        "instances": client.scale(),
    }
    client.clean_up()
    Path(sys.argv[1]).write_text(json.dumps({**results, "hosts": sorted(hosts)}), encoding="utf-8")


def _error_of(call: Callable[[], None]) -> str:
    try:
        call()
    except Exception as error:  # which type it is, is the SDK's business
        return str(error)
    return ""


def _note_host(hosts: set[str], event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        hosts.add(str(arguments[0]))
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        hosts.add(str(arguments[1][0]))
