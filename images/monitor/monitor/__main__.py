"""The command of this image: `baseline`, `drift`, or what the environment says."""

import os
import sys

from smcontract.entrypoint import StopSignal, run_job
from smcontract.failure import ContractError
from smcontract.logs import configure_logging
from smcontract.processing import read_processing_job_config
from smcontract.root import ContainerRoot

# What AWS's analyzer ends with when it fails.
FAILED = 255


def main(arguments: list[str], root: ContainerRoot) -> int:
    """Do what the job's environment asks for and return the exit code."""
    configure_logging()

    def job(stop: StopSignal) -> None:
        from monitor.environment import merged_environment, parse_settings
        from monitor.job import monitor

        if len(arguments) > 1:
            raise ContractError(f"one command at most can be given, got {' '.join(arguments)}.")
        variables = merged_environment(read_processing_job_config(root), os.environ)
        monitor(parse_settings(variables, *arguments), root, stop)

    return FAILED if run_job(job, root, kind="processing") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], ContainerRoot()))
