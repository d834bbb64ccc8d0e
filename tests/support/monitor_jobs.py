"""Runs inside the monitor image: many jobs, one after the other, on one JVM.

Each folder of `/opt/ml/jobs` is the `/opt/ml` of a job, and is left as a job
of its own would leave it; `exit_code` in it says how that would have ended.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor import data_quality, model_quality
from monitor.environment import merged_environment, parse_settings
from monitor.job import monitor
from monitor.spark import Spark, running_spark
from smcontract.entrypoint import StopSignal, run_job
from smcontract.processing import read_processing_job_config
from smcontract.root import ContainerRoot

JOBS = Path("/opt/ml/jobs")


def main() -> None:
    """Every job, in order of the folders' names."""
    with running_spark(cells=0) as spark:

        @contextmanager
        def shared(_rows: int) -> Iterator[Spark]:
            yield spark

        for module in (data_quality, model_quality):
            setattr(module, "running_spark", shared)  # noqa: B010
        for folder in sorted(JOBS.iterdir()):
            code = run_job(job_in(folder), ContainerRoot(folder), kind="processing")
            (folder / "exit_code").write_text(str(code))
            spark.session.catalog().clearCache()


def job_in(folder: Path) -> Callable[[StopSignal], None]:
    """The job whose `/opt/ml` is `folder`."""

    def job(stop: StopSignal) -> None:
        root = ContainerRoot(folder)
        variables = merged_environment(read_processing_job_config(root), {})
        variables.setdefault("CLOUDWATCH_METRICS_DIRECTORY", "/opt/ml/output/metrics/cloudwatch")
        here = {name: value.replace("/opt/ml/", f"{folder}/") for name, value in variables.items()}
        monitor(parse_settings(here), root, stop)

    return job


if __name__ == "__main__":
    main()
