"""Data to monitor, and three other programs that describe it: plain pydeequ, Evidently and whylogs."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

from benchmarks.jobs import LABEL, JobError, docker_run
from benchmarks.peer_environment import peer_python
from scripts.commands import SetupError, capture
from scripts.images import CA_BUNDLES

CSV_NAME = "rows.csv"
_ROWS_A_BLOCK = 100_000

# The image's own pydeequ, Java and jar of Deequ, with the Spark that pip installs: ours lacks what
# only spark-submit needs, which a plain program starts with.
PYDEEQU_IMAGE = """
FROM {image}
RUN --mount=type=secret,id=ca,target=/run/secrets/ca --mount=type=cache,target=/root/.cache/pip \\
    if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \\
 && version=$(python -c 'import pyspark.version; print(pyspark.version.__version__)') \\
 && pip install --quiet --no-deps --no-build-isolation --force-reinstall pyspark==$version
ENV JAVA_HOME=/opt/java
ENTRYPOINT ["python", "/opt/ml/plain_pydeequ.py", "/opt/ml/{csv}"]
"""
# As pydeequ's README has it: defaults throughout, the schema inferred; but for the heap, which is as
# large as ours. With Spark's 1 GB a million rows end without a word in one run of three.
PYDEEQU = """
import json, sys
from pyspark.sql import SparkSession
from pydeequ.profiles import ColumnProfilerRunner

spark = SparkSession.builder.config("spark.driver.memory", "3g").getOrCreate()
frame = spark.read.csv(sys.argv[1], header=True, inferSchema=True)
result = ColumnProfilerRunner(spark).onData(frame).withKLLProfiling().run()
sketched = [each for each in result.profiles.values() if getattr(each, "kll", None)]
print("\\nfound", json.dumps([result.numRecords, len(result.profiles), len(sketched)]))
spark.stop()
"""
EVIDENTLY = """
import json, sys
import pandas as pd
from evidently import Dataset, Report
from evidently.presets import DataSummaryPreset

frame = pd.read_csv(sys.argv[1])
snapshot = Report([DataSummaryPreset()]).run(Dataset.from_pandas(frame))
told = snapshot.json()
named = [name for name in frame if json.dumps(name) in told]
print("found", json.dumps([len(frame), len(named), len(named)]))
"""
WHYLOGS = """
import json, sys
import pandas as pd
import whylogs

frame = pd.read_csv(sys.argv[1])
view = whylogs.log(frame).profile().view()
told = view.to_pandas()
print("found", json.dumps([int(told["counts/n"].max()), len(told), int(told["distribution/n"].gt(0).sum())]))
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A dataset: `categories` of its columns are text, the others numbers."""

    rows: int
    columns: int
    categories: int

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.rows:,} x {self.columns}"


@dataclass(frozen=True, slots=True)
class Environment:
    """A peer in an environment of its own, and the program that describes a CSV file with it."""

    name: str
    requirements: tuple[str, ...]
    program: str

    def python(self) -> Path:
        """Its interpreter. Raises SetupError where it cannot be installed."""
        return peer_python(self.name, self.requirements)

    def described(self, shape: Shape, folder: Path) -> float:
        """Seconds from the process's start to its exit. Raises JobError where it found something else."""
        command = [str(self.python()), "-c", self.program, str(folder / CSV_NAME)]
        started = perf_counter()
        answer = capture(command, 900)
        seconds = perf_counter() - started
        if answer.returncode != 0:
            raise JobError(f"{self.name}: {answer.stderr[-1500:]}")
        _check(self.name, answer.stdout, shape)
        return seconds


PEERS = (
    Environment("evidently", ("evidently==0.7.23", "pandas<3"), EVIDENTLY),
    Environment("whylogs", ("whylogs==1.6.4", "pandas<3"), WHYLOGS),
)


def pydeequ_image(image: str) -> str:
    """The plain program's image, built where it is not. Raises SetupError with the builder's last lines."""
    name = image.replace("/monitor:", "/plain-pydeequ:")
    command = ["docker", "buildx", "build", "--load", "--quiet", "--label", LABEL, "--tag", name]
    bundle = next((path for path in CA_BUNDLES if Path(path).exists()), None)
    if bundle:
        command += ["--secret", f"id=ca,src={bundle}"]
    answer = subprocess.run(
        [*command, "-"],
        input=PYDEEQU_IMAGE.format(image=image, csv=CSV_NAME),
        check=False,
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        raise SetupError(f"the image of plain pydeequ does not build:\n{answer.stderr[-1500:]}")
    return name


def plain_pydeequ(image: str, shape: Shape, folder: Path) -> float:
    """Seconds from a container's start to its exit. Raises JobError where it found something else."""
    (folder / "plain_pydeequ.py").write_text(PYDEEQU, encoding="utf-8")
    ended = docker_run(image, [], folder)
    _check("pydeequ", ended.log, shape)
    return ended.seconds


def _check(name: str, log: str, shape: Shape) -> None:
    """Every row and column was looked at, and every number sketched."""
    found = [line.partition("found ")[2] for line in log.splitlines() if line.startswith("found ")]
    rows, columns, sketched = json.loads(found[-1]) if found else (0, 0, 0)
    if (rows, columns) != (shape.rows, shape.columns) or sketched < shape.columns - shape.categories:
        raise JobError(f"{name} found {rows} rows, {columns} columns and {sketched} sketches: {log[-500:]}")


def write_rows(shape: Shape, folder: Path, seed: int = 0) -> None:
    """A seeded CSV file: whole numbers, fractions, fractions with gaps, and categories.

    Of as many columns as the bank's encoded rows have, most are zeros and ones, as there.
    """
    random = np.random.default_rng(seed)
    with (folder / CSV_NAME).open("w", encoding="utf-8") as file:
        file.write(",".join(f"column{number}" for number in range(shape.columns)) + "\n")
        for begin in range(0, shape.rows, _ROWS_A_BLOCK):
            count = min(_ROWS_A_BLOCK, shape.rows - begin)
            columns = [_column(random, shape, number, count) for number in range(shape.columns)]
            file.writelines(",".join(row) + "\n" for row in zip(*columns, strict=True))


def _column(random: np.random.Generator, shape: Shape, number: int, count: int) -> Sequence[str]:
    if number < shape.categories:
        values = random.integers(0, 4 + 3 * number, count)
        return [f"value {value}" for value in values]
    kind = number % 3
    if shape.columns > 40 and number > 7:
        return _texts(random.integers(0, 2, count))
    if kind == 0:
        return _texts(random.integers(0, 100 * (number + 1), count))
    if kind == 1:
        return _texts(np.round(random.normal(number, 3, count), 6))
    there = random.random(count) >= 0.1
    gapless = _texts(np.round(random.exponential(5, count), 4))
    return [value if is_there else "" for value, is_there in zip(gapless, there, strict=True)]


def _texts(values: npt.NDArray[np.generic]) -> list[str]:
    return [str(value) for value in values.tolist()]
