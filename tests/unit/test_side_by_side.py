from pathlib import Path

from scripts.commands import ROOT
from tests.support.side_by_side import TOGETHER


def shares_the_compose_project(file: Path) -> bool:
    return "services: Services" in file.read_text(encoding="utf-8")


def test_files_that_share_a_compose_project_are_given_to_one_process() -> None:
    sharing = [
        file for file in (ROOT / "tests" / "e2e").glob("test_*.py") if shares_the_compose_project(file)
    ]

    assert sorted(str(file.relative_to(ROOT)) for file in sharing) == sorted(TOGETHER)
