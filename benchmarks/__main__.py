"""`make bench`: every question, or those that are named."""

import argparse
import os
import sys

from benchmarks import (
    api,
    capture,
    emulator,
    featurestore,
    forecast,
    functions,
    invocations,
    job_queue,
    model_quality,
    monitor,
    pipelines,
    run_overhead,
    serving,
    training_overhead,
)
from benchmarks.jobs import JobError
from orchestration.data_source import choose
from orchestration.errors import OrchestrationError
from orchestration.settings import ROOT, Settings
from scripts.commands import SetupError
from scripts.images import reference

QUESTIONS = {
    "training_overhead": training_overhead.main,
    "run_overhead": run_overhead.main,
    "model_quality": model_quality.main,
    "emulator": emulator.main,
    "invocations": invocations.main,
    "capture": capture.main,
    "api": api.main,
    "functions": functions.main,
    "job_queue": job_queue.main,
    "pipelines": pipelines.main,
    # Last: they end the run where a peer of theirs is not there.
    "featurestore": featurestore.main,
    "serving": serving.main,
    "monitor": monitor.main,
    "forecast": forecast.main,
}


def main() -> int:
    """Measure, print, and leave build/bench/<name>.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*QUESTIONS, []], help="which; all of them by default")
    names = parser.parse_args().names or list(QUESTIONS)
    settings = Settings.from_environ(os.environ)
    # Before a client is made: without credentials it would look for a cloud machine's, for minutes.
    os.environ.update(settings.for_sdk())
    try:
        source = choose("bank", settings, ROOT / "build")
        print(source.line, flush=True)
        images = {name: reference(name) for name in ("preprocess", "train_xgb", "emulator", "api")}
        for name in names:
            figures = QUESTIONS[name](images, source.path, source.is_synthetic)
            figures.write(ROOT / "build" / "bench")
            print("\n".join(figures.lines()), flush=True)
    except (JobError, OrchestrationError, SetupError) as error:
        print(f"\nslipway: {error}", file=sys.stderr)
        return 1
    print("figures in build/bench/", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
