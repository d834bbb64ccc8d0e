"""A pipeline's definition as text: made by the SDK, and kept for as long as nothing in it would differ.

The SDK takes seconds to import, which nobody should wait for who runs the same
pipeline again.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.extract import Extract, extract_of
from orchestration.names import bucket_name
from orchestration.project import Project
from orchestration.settings import ROOT, Settings

# Whatever the SDK's step classes and our use of them may change in the text.
DISTRIBUTIONS = ("sagemaker-core", "sagemaker-train", "sagemaker-mlops")
SOURCES = ("pipelines/*.py", "kinds/*.py", "names.py", "*schema.py", "definition.py")


@dataclass(frozen=True, slots=True)
class Definition:
    """The text that CreatePipeline takes, and the file that shows it to people."""

    text: str
    file: Path

    @property
    def values(self) -> dict[str, str]:
        """Every parameter's default, as texts, which is how StartPipelineExecution takes values."""
        parameters = json.loads(self.text)["Parameters"]
        return {item["Name"]: str(item["DefaultValue"]) for item in parameters if "DefaultValue" in item}


def training_definition(
    project: Project, settings: Settings, images: Mapping[str, str], build_dir: Path
) -> Definition:
    """The definition of `project`'s training pipeline, written to build/pipelines/."""
    extract = extract_of(project, build_dir)
    inputs = digest_of_inputs(project, settings, images, extract.sha256 if extract else "")
    file = build_dir / "pipelines" / f"{project.name}.json"
    return kept(file, inputs, lambda: _captured(project, settings, images, extract))


def kept(file: Path, inputs: str, capture: Callable[[], Any]) -> Definition:
    """The definition in `file` where it is of these inputs, else of the pipeline that `capture` gives."""
    stamp = file.with_suffix(".stamp")
    if file.is_file() and stamp.is_file():
        text = file.read_text(encoding="utf-8")
        # A file that somebody has changed by hand is not what these inputs give.
        if stamp.read_text(encoding="utf-8") == stamped(inputs, text):
            return Definition(text, file)
    text = readable(capture().definition())
    file.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    file.write_text(text, encoding="utf-8")
    stamp.write_text(stamped(inputs, text), encoding="utf-8")
    return Definition(text, file)


def digest_of_inputs(project: Project, settings: Settings, images: Mapping[str, str], *others: str) -> str:
    """A digest of all that decides a definition's text; `others` is what a pipeline has of its own."""
    facts = {
        "project": project.model_dump(mode="json"),
        "images": dict(images),
        "role": settings.role_arn,
        "region": settings.region,
        "sdk": {name: version(name) for name in DISTRIBUTIONS},
        "others": others,
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for pattern in SOURCES:
        for source in sorted((ROOT / "orchestration").glob(pattern)):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def stamped(inputs: str, text: str) -> str:
    """What is written down beside a definition: from which inputs it came, and how it was."""
    return f"{inputs} {hashlib.sha256(text.encode()).hexdigest()}\n"


def readable(text: str) -> str:
    """JSON with one member a line."""
    return json.dumps(json.loads(text), indent=2) + "\n"


def _captured(
    project: Project, settings: Settings, images: Mapping[str, str], extract: Extract | None
) -> Any:
    # Seconds, and only here.
    from orchestration.clients import boto_session
    from orchestration.pipelines.training import capture_session, training_pipeline

    bucket = bucket_name(project.name)
    session = capture_session(boto_session(settings), bucket)
    extract_uri = extract.uri(bucket) if extract else None
    return training_pipeline(
        project, session, bucket, settings.role_arn, images, extract_uri=extract_uri
    ).pipeline
