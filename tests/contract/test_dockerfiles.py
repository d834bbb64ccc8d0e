"""How every image is built: from which base, with what locked, and what is in it at the end."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from scripts.content_tag import IGNORED_NAMES
from scripts.images import SMCONTRACT, Build, image_names, reference
from tests.support.containers import run_job, run_python

NAMES = image_names()
FOLDERS = {name: Build(name).folder for name in NAMES}
PYTHON_IMAGES = [name for name in NAMES if (FOLDERS[name] / "pyproject.toml").exists()]
# The emulator's unit tests run in the environment of the verbs.
WITH_TEST_STAGE = [name for name in PYTHON_IMAGES if name != "emulator"]
LOCKS = sorted(lock for folder in FOLDERS.values() for lock in folder.glob("*.lock"))
UPSTREAM = "ARG BASE_IMAGE=debian:trixie-slim"
CA_MOUNT = "--mount=type=secret,id=ca,target=/run/secrets/ca"
# The aims of the project; registry has none.
LARGEST_MB = {
    "preprocess": 700,
    "train_xgb": 700,
    "train_deepar": 1100,
    "localstack": 600,
    "lambda_python": 200,
    "api": 250,
    "monitor": 720,
    "emulator": 280,
}
TOOLS = ("gcc", "g++", "cc", "c++", "clang", "cpp", "make", "ld", "as", "vi", "vim", "nano")
# Installed modules that Python would compile again at every start: no bytecode, or of other source.
UNCOMPILED = """
import importlib.util, pathlib, struct, sysconfig
for source in pathlib.Path(sysconfig.get_path("purelib")).rglob("*.py"):
    compiled = pathlib.Path(importlib.util.cache_from_source(str(source)))
    status = source.stat()
    fresh = (0, int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    if not compiled.exists() or struct.unpack("<III", compiled.read_bytes()[4:16]) != fresh:
        print(source)
"""
BINARY_PACKAGES = """
import importlib.metadata
for package in importlib.metadata.distributions():
    if "-none-any" not in (package.read_text("WHEEL") or "-none-any"):
        print(package.name)
"""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile, on one line and without comments."""

    keyword: str
    arguments: str


def instructions(name: str) -> list[Instruction]:
    """The instructions of an image's Dockerfile, in their order."""
    text = (FOLDERS[name] / "Dockerfile").read_text(encoding="utf-8")
    code = "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    lines = re.sub(r"\s*\\\n\s*", " ", code).splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in lines]


def arguments_of(name: str, keyword: str) -> list[str]:
    return [each.arguments for each in instructions(name) if each.keyword == keyword]


def pip_commands(run: str) -> Iterator[str]:
    """The commands of a RUN that name pip."""
    script = re.sub(r"--mount=\S+", "", run)
    return (each.strip() for each in re.split(r"&&|\|\||;", script) if re.search(r"\bpip[\d.]*\b", each))


def requirements(lock: Path) -> dict[str, list[str]]:
    """Each locked requirement, as name==version, and its hashes."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {line.split()[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})(?:\s|$)", line) for line in lines}


def locked_names(lock: Path) -> set[str]:
    return {requirement.partition("==")[0] for requirement in requirements(lock)}


def attributes(name: str) -> Any:
    engine = docker.from_env()
    try:
        return engine.images.get(reference(name)).attrs
    finally:
        engine.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_base_is_an_argument_and_nothing_else_is_pulled(name: str) -> None:
    first, *_ = instructions(name)
    stages = {"${BASE_IMAGE}"}

    assert f"{first.keyword} {first.arguments}" == UPSTREAM
    for source in arguments_of(name, "FROM"):
        base, _, stage = source.partition(" AS ")
        assert base in stages
        stages.add(stage)
    copied_from = {
        match for each in arguments_of(name, "COPY") for match in re.findall(r"--from=(\S+)", each)
    }
    assert copied_from <= stages | {"smcontract"}
    assert arguments_of(name, "ADD") == []


@pytest.mark.parametrize("name", NAMES)
def test_without_a_target_the_image_that_ships_is_built(name: str) -> None:
    *_, last = arguments_of(name, "FROM")

    assert last in ("runtime", "${BASE_IMAGE} AS runtime")


@pytest.mark.parametrize("name", NAMES)
def test_packages_are_installed_by_their_hashes_or_from_the_projects_own_files(name: str) -> None:
    commands = [command for run in arguments_of(name, "RUN") for command in pip_commands(run)]

    assert bool(commands) == (name in PYTHON_IMAGES)
    for command in commands:
        locked = re.fullmatch(
            r"pip install --require-hashes( --no-build-isolation| --no-deps)? -r /\S+\.lock", command
        )
        own = re.fullmatch(
            r"pip install( --no-cache-dir)? --no-deps --no-build-isolation( /src/\w+)+", command
        )
        assert locked or own, command


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_what_asks_the_package_index_can_be_given_certificates(name: str) -> None:
    asking = [run for run in arguments_of(name, "RUN") if "--require-hashes" in run]

    # What ships, and pytest.
    assert len(asking) == 1 + (name in WITH_TEST_STAGE)
    for run in asking:
        assert CA_MOUNT in run
        assert "export PIP_CERT=/run/secrets/ca" in run


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_but_packages(name: str) -> None:
    for run in arguments_of(name, "RUN"):
        assert not re.search(r"\b(curl|wget|git|https?:)\b", run), run


@pytest.mark.parametrize(
    "folder", [*(FOLDERS[name] for name in PYTHON_IMAGES), SMCONTRACT], ids=lambda path: path.name
)
def test_what_does_not_count_for_the_tag_stays_out_of_the_build(folder: Path) -> None:
    ignored = (folder / ".dockerignore").read_text(encoding="utf-8").split()

    assert {name.removeprefix("**/") for name in ignored} >= {*IGNORED_NAMES, "*.pyc", "*.egg-info"}


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_no_bytecode_of_the_hosts_python_came_along(name: str, tmp_path: Path) -> None:
    found = run_job(reference(name), ["/src", "-name", "*.pyc"], tmp_path, entrypoint="find")

    assert (found.exit_code, found.stdout) == (0, "")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}/{lock.name}")
def test_every_locked_requirement_has_hashes(lock: Path) -> None:
    locked = requirements(lock)

    assert locked
    for requirement, hashes in locked.items():
        assert re.fullmatch(r"[a-z0-9-]+==\S+", requirement)
        assert hashes, requirement


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_the_lock_covers_what_is_asked_for_and_what_builds(name: str) -> None:
    folder = FOLDERS[name]
    wanted = re.findall(r"^[a-z][\w-]*", (folder / "requirements.in").read_text(), re.MULTILINE)
    for project in (folder, *([SMCONTRACT] if Build(name).uses_smcontract else [])):
        wanted += tomllib.loads((project / "pyproject.toml").read_text())["build-system"]["requires"]

    assert set(wanted) <= locked_names(folder / "requirements.lock")
    if name in WITH_TEST_STAGE:
        assert "pytest" in locked_names(folder / "test-requirements.lock")


@pytest.mark.parametrize("name", NAMES)
def test_commands_are_in_exec_form(name: str) -> None:
    """A shell in between would keep SIGTERM from the program."""
    entrypoints = arguments_of(name, "ENTRYPOINT")
    health_checks = [check.partition("CMD ")[2] for check in arguments_of(name, "HEALTHCHECK")]

    assert entrypoints
    for command in (*entrypoints, *arguments_of(name, "CMD"), *health_checks):
        words = json.loads(command)
        assert all(isinstance(word, str) for word in words)
    assert attributes(name)["Config"]["Entrypoint"] == json.loads(entrypoints[0])


@pytest.mark.parametrize("name", NAMES)
def test_the_label_by_which_the_project_finds_its_own_is_in_the_dockerfile(name: str) -> None:
    labels = " ".join(arguments_of(name, "LABEL"))

    assert 'slipway="1"' in labels
    assert f'org.opencontainers.image.title="{name}"' in labels


@pytest.mark.parametrize("name", NAMES)
def test_no_step_names_an_architecture(name: str) -> None:
    text = (FOLDERS[name] / "Dockerfile").read_text(encoding="utf-8")

    assert not re.search(r"amd64|x86|arm64|aarch64|--platform", text, re.IGNORECASE)


@pytest.mark.parametrize("name", ["preprocess", "train_xgb"])
def test_locks_have_the_hashes_of_several_platforms(name: str, tmp_path: Path) -> None:
    """That a wheel for arm64 is among them only the index could tell."""
    counts = {
        requirement.partition("==")[0]: len(hashes)
        for requirement, hashes in requirements(FOLDERS[name] / "requirements.lock").items()
    }
    binary = run_python(reference(name), BINARY_PACKAGES, tmp_path).split()

    assert "numpy" in binary
    for package in binary:
        # One platform's wheel and the source archive would be two.
        assert counts[package.lower().replace("_", "-")] > 2, package


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_installed_modules_are_compiled(name: str, tmp_path: Path) -> None:
    assert run_python(reference(name), UNCOMPILED, tmp_path).splitlines() == []


@pytest.mark.parametrize("name", NAMES)
def test_there_are_no_compilers_and_no_editors(name: str, tmp_path: Path) -> None:
    script = f"for tool in python3 sh {' '.join(TOOLS)}; do command -v $tool; done; true"

    found = run_job(reference(name), ["-c", script], tmp_path, entrypoint="sh").stdout.split()

    expected = {"python3", "sh"} if name in PYTHON_IMAGES else {"sh"}
    assert {Path(path).name for path in found} == expected


@pytest.mark.parametrize("name", LARGEST_MB)
def test_the_image_is_as_small_as_it_should_be(name: str) -> None:
    assert attributes(name)["Size"] / 1e6 < LARGEST_MB[name]


@pytest.mark.parametrize(
    "name", ["preprocess", "train_xgb", "train_deepar", "lambda_python", "api", "monitor", "emulator"]
)
def test_the_readme_tells_the_size(name: str) -> None:
    told = re.search(r"^Size (\d+) MB", (FOLDERS[name] / "README.md").read_text(), re.MULTILINE)
    assert told is not None

    # Another architecture's libraries, or a base of another month, weigh a little more or less.
    assert attributes(name)["Size"] / 1e6 == pytest.approx(int(told[1]), rel=0.1)
