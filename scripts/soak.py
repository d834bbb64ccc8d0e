"""`make soak`: the whole life of a checkout: clone, run many times, down, run, purge; nothing may be left.

Takes minutes, works on what is committed, and ends with `make purge`: images
of ours are built again afterwards, from the cache.
"""

import argparse
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts.commands import LOGS, ROOT, SetupError, capture, logged, relative, run_main, say, tail

FIGURES = ROOT / "build" / "soak.json"
LOG = LOGS / "soak.log"
OURS = "label=slipway"
# The ARN of what a container runs for.
RESOURCE = '{{.Label "slipway.resource"}}'
LISTINGS = {
    "containers": ("ps", "--all", "--quiet"),
    "networks": ("network", "ls", "--quiet"),
    "volumes": ("volume", "ls", "--quiet"),
    "images": ("images", "--all", "--quiet"),
}


@dataclass(slots=True)
class Soak:
    """What was done and seen, in its order."""

    checkout: Path
    runs: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    left: dict[str, dict[str, int]] = field(default_factory=dict)
    model_digests: set[str] = field(default_factory=set)

    def make(self, verb: str, *variables: str) -> None:
        """One verb in the clone. Raises SetupError where it fails."""
        started = time.monotonic()
        if logged(["make", "-C", str(self.checkout), verb, *variables], LOG) != 0:
            raise SetupError(f"`make {verb}` failed; its last lines ({relative(LOG)}):\n{tail(LOG)}")
        seconds = round(time.monotonic() - started, 1)
        self.seconds.setdefault(verb, []).append(seconds)
        say(f"  make {verb:<8} {seconds:6.1f} s")

    def run(self) -> None:
        """`make run`, every job computed, and which model came of it."""
        self.make("run", "FRESH=1")
        record: Any = json.loads((self.checkout / "build" / "run.json").read_text(encoding="utf-8"))
        self.model_digests.add(record["model_digest"])

    def look(self, moment: str, *forbidden: str) -> None:
        """Count what of ours there is. Raises SetupError where something `forbidden` is among it."""
        counts = {what: len(set(listed(*listing))) for what, listing in LISTINGS.items()}
        self.left[moment] = counts
        left = {what: counts[what] for what in forbidden if counts[what]}
        if left:
            raise SetupError(f"after {moment} there is still of ours: {left}")

    def check_model(self) -> None:
        """Raise SetupError where the same rows and files gave two models."""
        if len(self.model_digests) != 1:
            raise SetupError(f"the same rows gave different models: {sorted(self.model_digests)}")

    def write(self) -> None:
        """Leave the figures."""
        FIGURES.parent.mkdir(parents=True, exist_ok=True)
        document = {**asdict(self), "model_digests": sorted(self.model_digests)}
        del document["checkout"]
        FIGURES.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def listed(*listing: str) -> list[str]:
    """What `docker` lists under our label. Raises SetupError where it does not answer."""
    answer = capture(["docker", *listing, "--filter", OURS])
    if answer.returncode != 0:
        raise SetupError(f"docker {' '.join(listing)} failed: {answer.stderr.strip()}")
    return answer.stdout.split()


def jobs_left() -> list[str]:
    """Whose containers are there, beside those of services, endpoints and functions, which stay."""
    answer = capture(["docker", "ps", "--all", "--filter", OURS, "--format", RESOURCE])
    if answer.returncode != 0:
        raise SetupError(f"docker ps failed: {answer.stderr.strip()}")
    return [arn for arn in answer.stdout.split() if "-job/" in arn]


def soak(runs: int, folder: Path) -> Soak:
    """A clean clone's whole life. Raises SetupError at the first thing that is not as it must be."""
    checkout = folder / "slipway"
    cloned = capture(["git", "clone", "--quiet", str(ROOT), str(checkout)], 120)
    if cloned.returncode != 0:
        raise SetupError(f"the checkout cannot be cloned: {cloned.stderr.strip()}")
    life = Soak(checkout, runs)
    for _ in range(runs):
        life.run()
        life.look("a run")
        jobs = jobs_left()
        if jobs:
            raise SetupError(f"after a run there are still containers of {', '.join(jobs)}")
    life.make("down")
    life.look("make down", "containers", "networks")
    life.run()
    life.check_model()
    life.make("purge")
    life.look("make purge", *LISTINGS)
    unclean = capture(["git", "-C", str(checkout), "status", "--short", "--ignored"]).stdout.split()
    # Bytecode of this very clone's own modules is no output of a verb.
    written = [path for path in unclean if path != "!!" and "__pycache__" not in path]
    if written:
        raise SetupError(f"after make purge the checkout still holds {', '.join(written)}")
    return life


def main() -> int:
    """Soak, in a folder that is removed at the end."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=int(os.environ.get("RUNS") or 5))
    runs: int = parser.parse_args().runs
    if capture(["git", "-C", str(ROOT), "status", "--porcelain"]).stdout.strip():
        say("soak: uncommitted changes are not part of it")
    LOG.unlink(missing_ok=True)
    say(f"soak: {runs} runs in a clean clone, then down, run, purge (log: {relative(LOG)})")
    with tempfile.TemporaryDirectory(prefix="slipway-soak-") as folder:
        life = soak(runs, Path(folder))
    life.write()
    say(f"  nothing of ours is left; figures in {relative(FIGURES)}")
    return 0


if __name__ == "__main__":
    run_main(main)
