"""The serving process: load the model once, answer until SIGTERM, drain."""

import logging
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import numpy as np
import uvicorn
from smcontract.failure import ContractError
from smcontract.hosting import HostingSettings
from smcontract.root import ContainerRoot

from train_xgb.app import MEBIBYTE, create_app
from train_xgb.artefact import Model, load_artefact
from train_xgb.responses import ResponseSettings

log = logging.getLogger(__name__)

# InvokeEndpoint takes 6,291,456 bytes at most; a batch transform may ask for 100 MB.
DEFAULT_PAYLOAD_MB = 6
LARGEST_PAYLOAD_MB = 100

# SageMaker kills the container 30 s after SIGTERM.
DRAIN_SECONDS = 25


def serve(root: ContainerRoot) -> int:
    """Answer requests with the model in `root` until SIGTERM; the exit code.

    Nothing listens before the model is loaded, so /ping never succeeds for a
    model that cannot be used.
    """
    signal.signal(signal.SIGTERM, _leave)
    try:
        hosting = HostingSettings.from_environ(os.environ)
        responses = ResponseSettings.from_environ(os.environ)
        # One thread a prediction: requests run side by side instead.
        model = load_artefact(root.model, nthread=1)
    except ContractError as error:
        print(f"Serving failed: {error}", file=sys.stderr, flush=True)
        return 1
    _warm_up(model)
    app = create_app(model, responses, payload_limit(hosting))
    log.info("model.loaded folder=%s features=%d", root.model, len(model.encoder.encoded_names))
    config = uvicorn.Config(
        app,
        host="0.0.0.0",
        port=hosting.bind_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = uvicorn.Server(config)
    log.info("server.starting port=%d", hosting.bind_port)
    server.run()
    return 0 if server.started else 1


def payload_limit(hosting: HostingSettings) -> int:
    """The longest body in bytes; 0 MB asks for streaming, so the largest is allowed."""
    megabytes = hosting.max_payload_mb
    if megabytes is None:
        megabytes = DEFAULT_PAYLOAD_MB
    return (megabytes or LARGEST_PAYLOAD_MB) * MEBIBYTE


def _warm_up(model: Model) -> None:
    """Predict once, so that the first caller does not wait for what is built lazily."""
    model.probabilities(np.zeros((1, len(model.encoder.encoded_names)), dtype=np.float32))


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """End with 0: before the server runs nothing is in flight, and after it has drained nothing is left.

    While it runs the server has handlers of its own; it raises the signal
    again at its end.
    """
    raise SystemExit(0)
