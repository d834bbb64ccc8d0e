"""The servers that serving is compared with, each in an environment and a folder of its own.

All of them serve the very model that ours does, in the format of the XGBoost
that they can have, and get their rows encoded.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.local_mode import free_port
from scripts.commands import ROOT, SetupError, capture

ENVIRONMENTS = ROOT / "build" / "peers"
# SageMaker's XGBoost container is not published as a package. This is what its public source
# serves a single model with: sagemaker-containers starting gunicorn's gevent workers, one a
# core, before a Flask application that makes a DMatrix of the CSV. Only that module is written
# anew here, as a user's script would be; nginx, which the container has in front, is left out.
SAGEMAKER_MODULE = """
import os
import numpy
import xgboost
from sagemaker_containers.beta.framework import transformer, worker


def model_fn(folder):
    booster = xgboost.Booster(model_file=os.environ["PEER_MODEL"])
    booster.set_param("nthread", 1)
    return booster


def input_fn(body, _content_type):
    text = body if isinstance(body, str) else body.decode("utf-8")
    rows = [["nan" if cell == "" else cell for cell in line.split(",")] for line in text.strip().split("\\n")]
    return xgboost.DMatrix(numpy.array(rows).astype(float))


def predict_fn(matrix, booster):
    return booster.predict(matrix, validate_features=False)


def output_fn(predictions, accept):
    return worker.Response(",".join(map(str, predictions.tolist())), mimetype="text/csv")


application = None


def main(environ, start_response):
    global application
    if application is None:
        served = transformer.Transformer(
            model_fn=model_fn, input_fn=input_fn, predict_fn=predict_fn, output_fn=output_fn
        )
        served.initialize()
        application = worker.Worker(transform_fn=served.transform, module_name="peer")
    return application(environ, start_response)
"""
SAVE_MLFLOW = """
import sys, mlflow.xgboost, xgboost
booster = xgboost.Booster(model_file=sys.argv[1])
# Rows come as a table of numbers, which costs it less than named columns.
booster.feature_names = None
mlflow.xgboost.save_model(booster, sys.argv[2])
"""


@dataclass(frozen=True, slots=True)
class Call:
    """How a server is asked: one request for all of `rows`, and what its answer holds."""

    path: str
    content_type: str
    body: Callable[[Sequence[str]], str]
    probabilities: Callable[[bytes], list[float]]


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to compare with; `requirements` as pip reads them, the last one without its own."""

    name: str
    title: str
    requirements: tuple[str, ...]
    alone: tuple[str, ...]
    versions_of: tuple[str, ...]
    ping: str
    call: Call
    prepare: Callable[[Path, Path, Path, int], tuple[list[str], dict[str, str]]]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return ENVIRONMENTS / self.name / "bin" / "python"


def numbers(rows: Sequence[str]) -> list[list[float]]:
    """Lines of encoded rows as numbers."""
    return [[float(cell) for cell in row.split(",")] for row in rows]


def _inference(rows: Sequence[str]) -> str:
    """The open inference protocol's request."""
    table = numbers(rows)
    data = [number for row in table for number in row]
    shape = [len(table), len(table[0])]
    return json.dumps({"inputs": [{"name": "x", "shape": shape, "datatype": "FP32", "data": data}]})


def _mlserver(_python: Path, folder: Path, model: Path, port: int) -> tuple[list[str], dict[str, str]]:
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        # In the server's own process: half the work of its pool of processes.
        "parallel_workers": 0,
        "debug": False,
    }
    parameters = {"uri": str(model)}
    named = {"name": "m", "implementation": "mlserver_xgboost.XGBoostModel", "parameters": parameters}
    (folder / "settings.json").write_text(json.dumps(settings), "utf-8")
    (folder / "model-settings.json").write_text(json.dumps(named), "utf-8")
    return ["mlserver", "start", str(folder)], {}


def _mlflow(python: Path, folder: Path, model: Path, port: int) -> tuple[list[str], dict[str, str]]:
    saved = capture([str(python), "-W", "ignore", "-c", SAVE_MLFLOW, str(model), str(folder / "saved")], 120)
    if saved.returncode != 0:
        raise SetupError(f"MLflow did not take the model:\n{saved.stderr[-800:]}")
    options = ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    return ["mlflow", "models", "serve", "--model-uri", str(folder / "saved"), *options], {}


def _sagemaker(python: Path, folder: Path, model: Path, port: int) -> tuple[list[str], dict[str, str]]:
    # XGBoost before 3.1 reads the base score as a number, and silently takes 0.5 for a list of one.
    document = json.loads(model.read_text("utf-8"))
    parameters = document["learner"]["learner_model_param"]
    parameters["base_score"] = parameters["base_score"].strip("[]")
    (folder / "model.json").write_text(json.dumps(document), "utf-8")
    (folder / "peer.py").write_text(SAGEMAKER_MODULE, "utf-8")
    start = "from sagemaker_containers.beta.framework import server; server.start('peer:main')"
    return [str(python), "-W", "ignore", "-c", start], {
        "SAGEMAKER_BASE_DIR": str(folder / "ml"),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_USE_NGINX": "false",
        # It has one core here.
        "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
        "PEER_MODEL": str(folder / "model.json"),
        "PYTHONPATH": str(folder),
    }


CSV_CALL = Call(
    "/invocations",
    "text/csv",
    lambda rows: "\n".join(rows),
    lambda answer: [float(text) for text in re.split("[,\n]", answer.decode().strip())],
)
PEERS = (
    Peer(
        "sagemaker-containers-2.8.6",
        "SageMaker's XGBoost container's stack",
        # Older than the interpreter, but for the versions that its source pins it does not start.
        (
            *("flask==1.1.1", "jinja2==2.11.3", "markupsafe==2.0.1", "itsdangerous==1.1.0"),
            *("werkzeug==1.0.1", "gunicorn==19.10.0", "gevent==26.9.0", "xgboost==3.0.5", "numpy", "scipy"),
            *("six", "boto3", "retrying", "inotify_simple==1.2.1", "paramiko", "psutil"),
            *("protobuf==3.20.3", "setuptools<80", "wheel"),
        ),
        ("sagemaker-containers==2.8.6.post2",),
        ("sagemaker-containers", "gunicorn", "gevent", "flask", "xgboost"),
        "/ping",
        CSV_CALL,
        _sagemaker,
    ),
    Peer(
        "mlserver-1.7.1",
        "MLServer in-process",
        # Newer ones of uvloop do not start with it.
        ("mlserver==1.7.1", "mlserver-xgboost==1.7.1", "xgboost==3.2.0", "uvloop<0.22"),
        (),
        ("mlserver", "xgboost"),
        "/v2/models/m/ready",
        Call(
            "/v2/models/m/infer",
            "application/json",
            _inference,
            lambda answer: [float(number) for number in json.loads(answer)["outputs"][0]["data"]],
        ),
        _mlserver,
    ),
    Peer(
        "mlflow-3.17.2",
        "MLflow",
        ("mlflow==3.17.2", "xgboost==3.2.0"),
        (),
        ("mlflow", "xgboost"),
        "/ping",
        Call(
            "/invocations",
            "application/json",
            lambda rows: json.dumps({"inputs": numbers(rows)}),
            lambda answer: [float(number) for number in json.loads(answer)["predictions"]],
        ),
        _mlflow,
    ),
)
