"""The commands of this image: SageMaker's `train` and `serve`, and `evaluate`."""

import os
import signal
import sys

from smcontract.entrypoint import StopSignal, run_job
from smcontract.logs import configure_logging
from smcontract.root import ContainerRoot

USAGE = """usage: train_deepar COMMAND

  train      fit a model on the channels train, validation (optional) and encoder
  serve      answer /ping and /invocations with the model in /opt/ml/model
  evaluate   measure a model on a test set; `evaluate --help` lists its arguments
"""


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return the exit code.

    The work is imported once the signals are listened to: importing PyTorch
    takes seconds, and a SIGTERM in that time must not be lost.
    """
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    configure_logging()
    root = ContainerRoot()
    if command == "train" and not rest:

        def training(stop: StopSignal) -> None:
            from train_deepar.train import train

            train(root, stop)

        return run_job(training, root, kind="training")
    if command == "evaluate":

        def evaluation(_stop: StopSignal) -> None:
            from train_deepar.evaluate import evaluate, read_order

            evaluate(read_order(rest, root))

        return run_job(evaluation, root, kind="processing")
    if command == "serve" and not rest:
        # Before a library can make a thread, which would take signals that the supervisor waits
        # for: they wait until it fetches them, a SIGTERM of the first second too.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD))
        # OpenMP would keep a thread for each core, and none of them lives in a forked worker.
        # Each prediction has one thread anyway.
        os.environ["OMP_NUM_THREADS"] = "1"
        from train_deepar.serve import serve

        return serve(root)
    print(USAGE, file=sys.stderr, end="")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
