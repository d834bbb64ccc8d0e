import re
import tomllib

import pytest

from scripts.commands import ROOT, relative
from scripts.lock import HOST_PYTHON, RESOLVED_AS_OF, inputs, left_to_the_system

INPUTS = [relative(path) for path in inputs()]


def test_every_input_of_the_project_is_found() -> None:
    assert set(INPUTS) >= {
        "emulator/requirements.in",
        "images/localstack/requirements.in",
        "images/localstack/test-requirements.in",
        "images/preprocess/requirements.in",
        "images/train_xgb/requirements.in",
        "requirements/dev.in",
    }
    assert sorted(INPUTS) == INPUTS


@pytest.mark.parametrize("path", INPUTS)
def test_every_input_has_its_lock_and_every_requirement_in_it_a_hash(path: str) -> None:
    lock = (ROOT / path).with_suffix(".lock").read_text(encoding="utf-8")

    # A requirement begins at the margin and ends before the next one.
    requirements = re.findall(r"^[^\s#].*(?:\n\s+.*)*", lock, re.MULTILINE)
    assert requirements
    assert [text.splitlines()[0] for text in requirements if "--hash=sha256:" not in text] == []


def test_every_lock_comes_from_an_input() -> None:
    patterns = ("images/*/*.lock", "emulator/*.lock", "requirements/*.lock")
    locks = [lock for pattern in patterns for lock in ROOT.glob(pattern)]

    assert {relative(lock.with_suffix(".in")) for lock in locks} == set(INPUTS)


def test_what_an_image_has_from_its_distribution_is_in_none_of_its_locks() -> None:
    sources = [path for path in inputs() if left_to_the_system(path).is_file()]

    assert {relative(path) for path in sources} == {
        "images/train_deepar/cuda-requirements.in",
        "images/train_deepar/requirements.in",
    }
    for source in sources:
        named = left_to_the_system(source).read_text(encoding="utf-8")
        left_out = re.findall(r"^([a-z]+) ; python_version < .3.", named, re.MULTILINE)
        locked = re.findall(r"^([a-z0-9-]+)==", source.with_suffix(".lock").read_text(), re.MULTILINE)
        assert left_out
        assert set(left_out) & set(locked) == set()


def test_only_the_build_for_cuda_locks_a_torch_and_what_it_runs_on() -> None:
    folder = ROOT / "images" / "train_deepar"
    of_cuda = re.compile(r"^(torch|triton|nvidia-[a-z0-9-]+)==", re.MULTILINE)

    assert of_cuda.findall((folder / "requirements.lock").read_text()) == []
    assert "torch" in of_cuda.findall((folder / "cuda-requirements.lock").read_text())
    # The version of Debian trixie: models go from one build to the other.
    assert "torch==2.6.0 " in (folder / "cuda-requirements.lock").read_text()


def test_a_date_of_its_own_belongs_to_a_folder_with_inputs() -> None:
    assert set(RESOLVED_AS_OF) <= {path.rpartition("/")[0] for path in INPUTS}


def test_the_environment_of_the_verbs_is_resolved_for_the_oldest_python_that_may_run_them() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert settings["tool"]["ruff"]["target-version"] == "py" + HOST_PYTHON.replace(".", "")
