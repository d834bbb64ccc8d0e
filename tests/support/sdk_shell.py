"""Where the SDKs' programs run: their Pythons, and a shell's environment after `make env`."""

import os
import sys
from pathlib import Path

from scripts.commands import ROOT
from scripts.local_aws import LocalAws
from scripts.shell_environment import exports

PYTHONS = {"v3": Path(sys.executable), "v2": ROOT / ".venv-sdk-v2" / "bin" / "python"}


def environment(endpoint_url: str, folder: Path) -> dict[str, str]:
    """A shell's environment after `make env`, with no file of the user's own."""
    ours = ("AWS_", "SAGEMAKER_")
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    local = LocalAws.from_environ({"AWS_ENDPOINT_URL": endpoint_url})
    return {
        **theirs,
        **exports(local, folder, {}),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
    }
