"""The commands of this image."""

import os
import sys
from collections.abc import Callable

from smcontract.entrypoint import StopSignal, run_job
from smcontract.logs import configure_logging
from smcontract.root import ContainerRoot


def main(arguments: list[str], root: ContainerRoot) -> int:
    """Do what `arguments` say and return the exit code.

    The work is imported once the signals are listened to: importing
    scikit-learn takes a second, and a SIGTERM in that time must not be lost.
    Each command imports what it needs alone.
    """
    configure_logging()
    command = arguments[0] if arguments and arguments[0] in COMMANDS else None

    def job(stop: StopSignal) -> None:
        if command is None:
            _preprocess(arguments, root, stop)
        else:
            _JOBS[command](arguments[1:], root, stop)

    return run_job(job, root, kind="processing")


def _preprocess(arguments: list[str], root: ContainerRoot, stop: StopSignal) -> None:
    from preprocess.arguments import parse_arguments

    settings = parse_arguments(arguments, root)
    from preprocess.forecasting.schema import is_forecasting
    from preprocess.schema import SchemaFile

    schema_file = SchemaFile(settings.schema)
    if is_forecasting(schema_file):
        from preprocess.forecasting.job import preprocess
    else:
        from preprocess.job import preprocess
    preprocess(settings, schema_file, root, stop)


def _ingest(arguments: list[str], root: ContainerRoot, stop: StopSignal) -> None:
    from preprocess.feature_arguments import parse_ingest

    settings = parse_ingest(arguments, root)
    from preprocess.ingest import ingest

    ingest(settings, stop)


def _features(arguments: list[str], root: ContainerRoot, stop: StopSignal) -> None:
    from preprocess.feature_arguments import parse_features

    settings = parse_features(arguments, root)
    from preprocess.features import features

    features(settings, stop)


def _training_set(arguments: list[str], root: ContainerRoot, stop: StopSignal) -> None:
    from preprocess.training_set_arguments import parse_training_set

    settings = parse_training_set(arguments, root)
    from preprocess.training_set import training_set

    training_set(settings, root, stop)


def _ingest_places(arguments: list[str], root: ContainerRoot, stop: StopSignal) -> None:
    from preprocess.feature_arguments import parse_ingest_places

    settings = parse_ingest_places(arguments, root)
    from preprocess.forecasting.ingest_places import ingest_places

    ingest_places(settings, stop)


def _forecast_actuals(arguments: list[str], root: ContainerRoot, stop: StopSignal) -> None:
    from preprocess.forecasting.arguments import parse_forecast_actuals

    settings = parse_forecast_actuals(arguments, root, os.environ)
    from preprocess.forecasting.forecast_actuals import forecast_actuals

    forecast_actuals(settings, root, stop)


def _append(arguments: list[str], root: ContainerRoot, stop: StopSignal) -> None:
    from preprocess.forecasting.arguments import parse_append

    settings = parse_append(arguments, root)
    from preprocess.forecasting.append import append

    append(settings, root, stop)


_JOBS: dict[str, Callable[[list[str], ContainerRoot, StopSignal], None]] = {
    "ingest": _ingest,
    "features": _features,
    "training-set": _training_set,
    "ingest-places": _ingest_places,
    "forecast-actuals": _forecast_actuals,
    "append": _append,
}
# A job of a processing container has arguments only: one without a command's name preprocesses.
COMMANDS = tuple(_JOBS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], ContainerRoot()))
