"""What every kind of test may ask for: images, LocalStack, the real rows."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from xdist.remote import Producer

from scripts.commands import ROOT
from tests.support.emulator import Emulator, running_emulator
from tests.support.hygiene import Ours, complain_of
from tests.support.localstack import LocalStack, running_localstack
from tests.support.record import TestRecord
from tests.support.side_by_side import FailuresAtOnce, FileByFile, is_one_of_several

# Cheapest first: what is wrong is known as early as can be.
FOLDERS = ("unit", "contract", "integration", "e2e", "ui")
BESIDE_THE_PROJECT = ROOT.parent / "shared" / "data"
RECORD = pytest.StashKey[TestRecord]()
BEFORE = pytest.StashKey[Ours]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep a record of the run, and where it is one of several processes say at once what fails."""
    config.stash[RECORD] = TestRecord()
    config.pluginmanager.register(config.stash[RECORD])
    if config.getoption("numprocesses", None):
        config.pluginmanager.register(FailuresAtOnce(config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileByFile:
    """Where several processes test side by side (`-n 2`), each is given whole files."""
    return FileByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests by what they need; within a folder the order stays."""
    items.sort(key=lambda item: FOLDERS.index(item.path.relative_to(ROOT / "tests").parts[0]))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note what of ours there is before the tests."""
    if not is_one_of_several(session.config):
        session.config.stash[BEFORE] = Ours.now()


# Last of all: by then every fixture is undone, and the processes that tested side by side have ended.
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Nothing may be left; leave the figures, and where everything passed the images that may be promoted."""
    if is_one_of_several(session.config):
        return
    if left := Ours.now() - session.config.stash[BEFORE]:
        complain_of(left, session)
    if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        session.config.stash[RECORD].write(ROOT / "build" / "test.json")
    if session.exitstatus == pytest.ExitCode.OK and os.environ.get("SLIPWAY_RECORD_TESTED") == "1":
        from scripts.tested import record_tested

        record_tested()


@pytest.fixture(scope="session")
def preprocess_image() -> str:
    """The preprocess image of the present files."""
    from scripts.images import reference

    return reference("preprocess")


@pytest.fixture(scope="session")
def train_xgb_image() -> str:
    """The train_xgb image of the present files."""
    from scripts.images import reference

    return reference("train_xgb")


@pytest.fixture(scope="session")
def train_deepar_image() -> str:
    """The train_deepar image of the present files."""
    from scripts.images import reference

    return reference("train_deepar")


@pytest.fixture(scope="session")
def localstack() -> Iterator[LocalStack]:
    """A LocalStack of the tests' own, on a port of its own; it asks for SageMaker as in compose.yaml."""
    from scripts.images import reference

    with running_localstack(reference("localstack"), SLIPWAY_EMULATOR_URL="http://emulator:4500") as started:
        yield started


@pytest.fixture(scope="session")
def localstack_alone() -> Iterator[LocalStack]:
    """A LocalStack that was told of no emulator."""
    from scripts.images import reference

    with running_localstack(reference("localstack")) as started:
        yield started


@pytest.fixture(scope="session")
def emulator_image() -> str:
    """The emulator image of the present files; built where it is not, which takes seconds."""
    from scripts.images import Build, ensure_built

    return ensure_built(Build("emulator")).reference


@pytest.fixture(scope="session")
def lambda_image() -> str:
    """What functions from archives run on; built where it is not, which takes seconds."""
    from scripts.images import Build, ensure_built

    return ensure_built(Build("lambda_python")).reference


@pytest.fixture(scope="session")
def api_image() -> str:
    """The api image of the present files; built where it is not, which takes seconds."""
    from scripts.images import Build, ensure_built

    return ensure_built(Build("api")).reference


@pytest.fixture(scope="session")
def monitor_image() -> str:
    """The monitor image of the present files."""
    from scripts.images import reference

    return reference("monitor")


@pytest.fixture(scope="session")
def emulator(emulator_image: str, localstack: LocalStack) -> Iterator[Emulator]:
    """An emulator of the tests' own; LocalStack forwards to it."""
    with running_emulator(emulator_image, localstack) as started:
        yield started


@pytest.fixture
def emulator_with(emulator_image: str, localstack: LocalStack) -> Iterator[Callable[..., Emulator]]:
    """Starts an emulator for one test, with more variables: emulator_with(SLIPWAY_MAX_JOBS="1")."""
    with ExitStack() as stack:

        def start(**environment: str) -> Emulator:
            # The name by which LocalStack forwards is the session's own emulator's.
            name = f"emulator-{uuid4().hex[:8]}"
            return stack.enter_context(running_emulator(emulator_image, localstack, environment, name))

        yield start


@pytest.fixture(scope="session")
def bank_csv() -> Path:
    """The real rows of bank; skips where nobody gave them, and never where somebody did."""
    return real_rows("bank", "bank-full.csv")


@pytest.fixture(scope="session")
def retail_csv() -> Path:
    """The panel that retail is measured on; skips where nobody gave it, and never where somebody did."""
    return real_rows("retail", "retail-sales.csv")


def real_rows(project: str, name: str) -> Path:
    """A project's own rows: those that somebody named, those beside the project, those that were fetched."""
    variable = f"SLIPWAY_{project.upper()}_CSV"
    given = os.environ.get(variable)
    if given:
        assert Path(given).is_file(), f"{variable}={given} does not exist"
        return Path(given).resolve()
    for found in (BESIDE_THE_PROJECT / name, ROOT / "build" / "data" / project / name):
        if found.is_file():
            return found
    pytest.skip(f"the real rows are not here; `make data`, or {variable}=path, brings them")
