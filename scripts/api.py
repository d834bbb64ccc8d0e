"""`make api`: the inference API of compose.yaml, with a key of this checkout's."""

import argparse
import hashlib
import json
import os
import secrets
import subprocess
from pathlib import Path

from scripts.commands import ROOT, SetupError, capture, relative, run_main, say, timed_step
from scripts.images import reference
from scripts.stack import compose_environment

KEY_FILE = ROOT / "build" / "api.key"
CLIENT = "make"
DEFAULT_PORT = "8000"


def key(file: Path) -> str:
    """The key in `file`, which its owner alone may read; a new one where there is none.

    256 random bits, as `api key` of the image makes them.
    """
    if file.is_file():
        return file.read_text(encoding="utf-8").strip()
    secret = f"slw_{secrets.token_urlsafe(32)}"
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(secret + "\n")
    return secret


def keys_document(secret: str) -> str:
    """What the API is told of a key: whose it is, and its digest."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return json.dumps({"keys": [{"client": CLIENT, "sha256": digest}]})


def environment(project_uris: str, secret: str) -> dict[str, str]:
    """What compose reads for the API beside all that the other services get."""
    return {
        **compose_environment(),
        "SLIPWAY_API_IMAGE": reference("api"),
        "SLIPWAY_API_PROJECTS": project_uris,
        "SLIPWAY_API_KEYS": keys_document(secret),
    }


def up(project_uris: str, key_file: Path) -> str:
    """Start the API and wait until it lives; returns where. Raises SetupError with its own last words."""
    variables = environment(project_uris, key(key_file))
    compose = ["docker", "compose", "--progress=quiet", "--profile", "api"]
    started = subprocess.run(
        [*compose, "up", "--detach", "--wait", "api"],
        check=False,
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
    )
    if started.returncode != 0:
        command = ["docker", "compose", "--project-directory", str(ROOT), "--profile", "api"]
        logs = capture([*command, "logs", "--tail", "5", "api"])
        raise SetupError(
            f"the API does not come up: {started.stderr.strip()}\n{logs.stdout.strip()}\n"
            "  A port that is taken is changed: SLIPWAY_API_PORT=8001 make api"
        )
    return f"http://localhost:{variables.get('SLIPWAY_API_PORT', DEFAULT_PORT)}"


def request(url: str, project: str, key_file: str) -> str:
    """A request for a shell in the project's folder: which versions answer."""
    return f'curl -H "X-Api-Key: $(cat {key_file})" {url}/v1/{project}/model'


def main() -> int:
    """Start it, and say how to ask it."""
    parser = argparse.ArgumentParser(prog="make api", description=__doc__)
    parser.add_argument("projects", help="URIs of projects' documents, separated by commas")
    parser.add_argument("--project", required=True, help="one of them, for the request that is printed")
    arguments = parser.parse_args()
    url = timed_step("api", lambda: up(arguments.projects, KEY_FILE))
    say(f"  page         {url}/")
    say(f"  fields       {url}/openapi.json, with an example for each path")
    say(f"  ask          {request(url, arguments.project, relative(KEY_FILE))}")
    return 0


if __name__ == "__main__":
    run_main(main)
