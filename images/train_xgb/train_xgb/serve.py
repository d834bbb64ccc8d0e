"""The serving container: load the model once, answer from one process a core until SIGTERM."""

import ctypes
import logging
import os
import socket
import sys

from smcontract.failure import ContractError
from smcontract.root import ContainerRoot
from smcontract.supervisor import Supervisor, listeners

from train_xgb.artefact import load_artefact
from train_xgb.serving.answers import Answers
from train_xgb.serving.meters import Meters
from train_xgb.serving.settings import ServingSettings
from train_xgb.serving.worker import work

log = logging.getLogger(__name__)

# How long one thread may keep the others from running, in seconds: a row
# should not wait 5 ms (Python's own value) for a batch to be read.
SWITCH_SECONDS = 0.0005

# Parameters of glibc's mallopt(3), and up to how many bytes are kept when they
# are freed: a batch needs the same few megabytes each time, and to get them
# anew from the kernel costs a seventh of its time.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 16 * 1024 * 1024


def serve(root: ContainerRoot) -> int:
    """Answer requests with the model in `root` until SIGTERM; the exit code.

    Nothing listens before the model is loaded and has answered once, so /ping
    never succeeds for a model that cannot be used.
    """
    try:
        settings = ServingSettings.from_environ(os.environ)
        # One thread a prediction: requests run side by side instead.
        model = load_artefact(root.model, nthread=1)
        if settings.text_is_missing:
            model = model.with_text_as_missing()
    except ContractError as error:
        print(f"Serving failed: {error}", file=sys.stderr, flush=True)
        return 1
    meters = Meters(settings.workers)
    answers = Answers(model, settings.responses, settings.limits.body_bytes, meters)
    answers.warm_up()
    log.info("model.loaded folder=%s features=%d", root.model, len(model.encoder.encoded_names))
    sys.setswitchinterval(SWITCH_SECONDS)
    library = ctypes.CDLL(None)
    library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
    library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
    try:
        sockets = listeners(settings.port, settings.workers)
    except OSError as error:
        print(f"Serving failed: port {settings.port}: {error}.", file=sys.stderr, flush=True)
        return 1
    log.info("server.starting port=%d workers=%d", settings.port, settings.workers)

    def worker(number: int, listener: socket.socket) -> None:
        work(listener, answers, meters.of(number), settings.limits)

    return Supervisor(sockets, worker).run()
