"""`python -m monitor.archive`, at the image's build: a class archive of what jobs load.

A JVM that maps an archive finds its classes parsed and verified; without one,
loading them is two fifths of a small job.
"""

import json
import os
import subprocess
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from smcontract.root import ContainerRoot

from monitor.__main__ import main
from monitor.spark import CLASS_ARCHIVE, java_command

_ROWS = 300
_LIST_CLASSES = "-Xshare:off -XX:DumpLoadedClassList={}"
_MODEL_QUALITY = {
    "analysis_type": "MODEL_QUALITY",
    "problem_type": "BinaryClassification",
    "inference_attribute": "answer",
    "probability_attribute": "share",
    "ground_truth_attribute": "flag",
}


def make_archive() -> None:
    """Run a job for each kind of data and analysis, note which classes it loads, and archive them."""
    with TemporaryDirectory(prefix="archive-") as name:
        folder = Path(name)
        lists = []
        for kind, (dataset_format, content) in _datasets().items():
            source = folder / kind
            source.write_text(content, encoding="utf-8")
            lists.append(folder / f"{kind}.classes")
            os.environ["JDK_JAVA_OPTIONS"] = _LIST_CLASSES.format(lists[-1])
            _run(source, dataset_format, folder)
        lists.append(folder / "quality.classes")
        os.environ |= {"JDK_JAVA_OPTIONS": _LIST_CLASSES.format(lists[-1]), **_MODEL_QUALITY}
        _run(folder / "csv", {"csv": {"header": True}}, folder)
        del os.environ["JDK_JAVA_OPTIONS"]
        _dump(lists, folder)


def _datasets() -> dict[str, tuple[dict[str, object], str]]:
    rows = [
        (index, index / 7, f"category {index % 5}", index % 2, index // 2 % 2, index / _ROWS)
        for index in range(_ROWS)
    ]
    csv_text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    call = {
        "captureData": {"endpointInput": {"data": csv_text, "encoding": "CSV"}},
        "eventMetadata": {"inferenceTime": "2026-01-01T00:00:00Z"},
    }
    return {
        "csv": ({"csv": {"header": True}}, f"whole,fraction,text,flag,answer,share\n{csv_text}"),
        "captured": (
            {"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput"]}},
            json.dumps(call) + "\n",
        ),
    }


def _run(source: Path, dataset_format: dict[str, object], folder: Path) -> None:
    os.environ |= {
        "dataset_source": str(source),
        "dataset_format": json.dumps(dataset_format),
        "output_path": str(folder / "output"),
    }
    # PySpark keeps to one JVM a process. A job does not end at SIGTERM, which a Pool would end it with.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        exit_code = process.submit(main, [], ContainerRoot(folder / "ml")).result()
    if exit_code:
        raise SystemExit(f"the job on {source.name} data failed")


def _dump(lists: list[Path], folder: Path) -> None:
    """One archive of every list; an id stands for a class in one list only, so it is left out."""
    lines = dict.fromkeys(
        line.partition(" id:")[0]
        for path in lists
        for line in path.read_text(encoding="utf-8").splitlines()
        # Classes of other loaders than the platform's are generated anew in every job.
        if not line.startswith("#") and " source: " not in line
    )
    merged = folder / "classes"
    merged.write_text("\n".join(lines) + "\n", encoding="utf-8")
    java, *options = java_command(cells=0, temporary=folder)
    options = options[: options.index("-cp") + 2]
    subprocess.run(
        [
            java,
            "-Xshare:dump",
            f"-XX:SharedClassListFile={merged}",
            f"-XX:SharedArchiveFile={CLASS_ARCHIVE}",
            *options,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    make_archive()
