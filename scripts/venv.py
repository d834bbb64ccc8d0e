"""The project's Python environments, each made from one hash-checked lock."""

import hashlib
import os
import shutil
import sys
from pathlib import Path
from threading import Lock

from scripts.apt import debian_codename, host_apt_source, install_packages
from scripts.commands import LOGS, ROOT, SetupError, capture, logged, relative, tail

STAMP = ".slipway-lock"
CREATING = Lock()


def ensure_venv(folder: Path, lock: Path) -> str:
    """Have in `folder` exactly what `lock` says; returns a line that says so.

    The stamp is written last: an interrupted installation is done again, and
    one that failed is removed.
    Raises SetupError with pip's own last lines.
    """
    wanted = stamp_text(folder, lock)
    if is_current(folder, wanted):
        return f"{relative(folder)} is there"
    # What this may have to install first has a lock that waits for nobody.
    with CREATING:
        _create(folder)
    log_file = LOGS / f"pip-{folder.name.strip('.')}.log"
    command = [str(folder / "bin/pip"), "install", "--require-hashes", "--no-deps", "-r", str(lock)]
    # Bytecode is compiled now, once, even where the caller's environment forbids
    # it: the SDK alone takes seconds more to import without.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    if logged(command, log_file, env) != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupError(
            f"pip could not install {relative(lock)}; no network, no disk, or a package index that lacks\n"
            f"  a file. Its last lines ({relative(log_file)}):\n{tail(log_file)}"
        )
    (folder / STAMP).write_text(wanted, encoding="utf-8")
    return f"{relative(folder)} made from {relative(lock)}"


def stamp_text(folder: Path, lock: Path) -> str:
    """What an environment depends on: the lock, the interpreter, and the folder that its programs name."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return f"{digest} python{sys.version_info.major}.{sys.version_info.minor} {folder}"


def is_current(folder: Path, wanted: str) -> bool:
    """Whether the environment in `folder` was finished as `wanted`, and its interpreter is still there."""
    stamp = folder / STAMP
    return (
        stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and (folder / "bin/python").exists()
    )


def _create(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(folder)]
    made = capture(command, 120)
    if made.returncode == 0:
        return
    codename = debian_codename()
    if codename is not None and os.geteuid() == 0:
        # Debian ships the standard library's venv as a package of its own.
        install_packages(["python3-venv"], host_apt_source(codename), suite=None)
        made = capture(command, 120)
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        reason = (made.stderr.strip() or made.stdout.strip()).splitlines()
        raise SetupError(
            f"`{' '.join(command)}` failed: {reason[-1] if reason else 'no reason given'}\n"
            "  On Debian and Ubuntu: apt-get install python3-venv"
        )


def main_venv() -> str:
    """The environment of the verbs: SageMaker SDK v3, linters, tests."""
    return ensure_venv(ROOT / ".venv", ROOT / "requirements" / "dev.lock")


def sdk_v2_venv() -> str:
    """The environment of the second client: SageMaker SDK v2 with its local mode."""
    return ensure_venv(ROOT / ".venv-sdk-v2", ROOT / "requirements" / "sdk-v2.lock")


def awscli_venv() -> str:
    """The environment of the command line client, version 1, and nothing else."""
    return ensure_venv(ROOT / ".venv-awscli", ROOT / "requirements" / "awscli.lock")
