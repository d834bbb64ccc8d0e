"""A pipeline in the shape of a diamond, waited for by the SageMaker Python SDK v3; a program of `.venv`.

It says on stdout when the execution has begun, and writes what came of it into
the file that its argument names.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.sdk_pipelines import Kit, Request, ended, pipeline

BEGUN = "the execution has begun"
STEPS = ("Top", "Left", "Right", "Bottom")
FOLDER = "diamond"
# Waits until somebody lets the step end, then adds its name to what it was given.
PROGRAM = """
import os, sys, time, urllib.error, urllib.request
from pathlib import Path
name, uri, *given = sys.argv[1:]
while True:
    try:
        urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + uri.removeprefix("s3:/")).close()
        break
    except urllib.error.URLError:
        time.sleep(0.05)
texts = [Path("/opt/ml/processing", each, "text.txt").read_text() for each in given]
Path("/opt/ml/processing/text/text.txt").write_text("".join(texts) + name + " ")
"""


def release_of(step: str) -> str:
    """The key, below the request's data, of the object that lets a step end."""
    return f"{FOLDER}/may-end/{step}"


def diamond(kit: Kit, program: Path) -> Any:
    """Top, then Left and Right beside each other, then Bottom."""
    uri = kit.request.data_uri

    def step(name: str, *before: Any) -> Any:
        given = {
            each.name: each.properties.ProcessingOutputConfig.Outputs["text"].S3Output.S3Uri
            for each in before
        }
        arguments = kit.script(
            kit.request.preprocess_image,
            program,
            given,
            {"text": f"{uri}/{FOLDER}/{name}"},
            [name, f"{uri}/{release_of(name)}", *given],
        )
        return kit.sdk.ProcessingStep(name, step_args=arguments)

    top = step("Top")
    left, right = step("Left", top), step("Right", top)
    return pipeline(kit, "diamond", [top, left, right, step("Bottom", left, right)])


def main() -> None:
    """Begin, say so, wait, write."""
    # The tests read the constants above without the SDK.
    from tests.support.sdk_v3_pipelines import V3Kit

    kit = V3Kit(Request(**json.load(sys.stdin)))
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "diamond.py"
        program.write_text(PROGRAM, encoding="utf-8")
        made = diamond(kit, program)
        made.create(kit.role)
    execution = made.start()
    print(BEGUN, flush=True)
    Path(sys.argv[1]).write_text(json.dumps(ended(execution), default=str), encoding="utf-8")


if __name__ == "__main__":
    main()
