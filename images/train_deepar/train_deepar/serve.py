"""The serving container: load the model once, answer from one process a core until SIGTERM."""

import logging
import os
import socket
import sys

from smcontract.failure import ContractError
from smcontract.root import ContainerRoot
from smcontract.supervisor import Supervisor, listeners

from train_deepar.forecaster import Forecaster
from train_deepar.serving.answers import Answers
from train_deepar.serving.meters import Meters
from train_deepar.serving.settings import ServingSettings
from train_deepar.serving.worker import work

log = logging.getLogger(__name__)


def serve(root: ContainerRoot) -> int:
    """Answer requests with the model in `root` until SIGTERM; the exit code.

    Nothing listens before the model is loaded and has answered once, so /ping
    never succeeds for a model that cannot be used.
    """
    try:
        settings = ServingSettings.from_environ(os.environ)
        forecaster = Forecaster.load(root.model)
    except ContractError as error:
        print(f"Serving failed: {error}", file=sys.stderr, flush=True)
        return 1
    meters = Meters(settings.workers)
    answers = Answers(forecaster, settings, meters)
    answers.warm_up()
    log.info("model.loaded folder=%s series=%d", root.model, len(forecaster.history))
    try:
        sockets = listeners(settings.port, settings.workers)
    except OSError as error:
        print(f"Serving failed: port {settings.port}: {error}.", file=sys.stderr, flush=True)
        return 1
    log.info("server.starting port=%d workers=%d", settings.port, settings.workers)

    def worker(number: int, listener: socket.socket) -> None:
        work(listener, answers, meters.of(number), settings.limits)

    return Supervisor(sockets, worker).run()
