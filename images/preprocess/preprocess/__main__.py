"""The command of this image."""

import sys

from smcontract.entrypoint import StopSignal, run_job
from smcontract.logs import configure_logging
from smcontract.root import ContainerRoot


def main(arguments: list[str], root: ContainerRoot) -> int:
    """Preprocess as `arguments` say and return the exit code.

    The work is imported once the signals are listened to: importing
    scikit-learn takes a second, and a SIGTERM in that time must not be lost.
    """
    configure_logging()

    def job(stop: StopSignal) -> None:
        from preprocess.arguments import parse_arguments

        settings = parse_arguments(arguments, root)
        from preprocess.job import preprocess

        preprocess(settings, root, stop)

    return run_job(job, root, kind="processing")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], ContainerRoot()))
