"""Several processes that test side by side: what each of them is given to do."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Files that share a compose project, which a process makes once and in minutes.
TOGETHER = ("tests/e2e/test_bank_drift.py", "tests/e2e/test_bank_monitor.py", "tests/e2e/test_make_api.py")


class FileByFile(LoadScopeScheduling):
    """Gives every process whole files, so that what a module shares is made once.

    They come in the order of collection. xdist's own `loadfile` begins with the file
    that has the most tests, which says nothing of how long they take.
    """

    def __init__(self, config: pytest.Config, log: Producer | None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return TOGETHER[0] if file in TOGETHER else file


def is_one_of_several(config: pytest.Config) -> bool:
    """Whether this process tests for another one, which has asked for it."""
    return hasattr(config, "workerinput")


class FailuresAtOnce:
    """Names a test that fails when it does: among the dots of several processes nobody sees whose an F is."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say its name, and when it failed."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.write_line(f"\nfailed at {report.when}: {report.nodeid}", red=True)
