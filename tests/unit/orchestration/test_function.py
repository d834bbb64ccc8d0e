import ast
import io
import runpy
import zipfile
from pathlib import Path

import pytest

from orchestration.clients import Aws
from orchestration.deploy_function import deploy_function
from orchestration.function import HANDLERS, Function, packed
from orchestration.monitor_function import forecast_monitor_function, monitor_function
from orchestration.monitoring import Retraining, RetrainingLimits
from orchestration.retrain_function import forecast_retrain_function, retrain_function
from orchestration.settings import Settings

AWS = Aws(Settings.from_environ({}))
FUNCTIONS = [
    deploy_function(AWS, "bank"),
    monitor_function(AWS, "bank", "arn:aws:sns:us-east-1:000000000000:any"),
    retrain_function(AWS, "bank", Retraining()),
    forecast_monitor_function(AWS, "retail", "arn:aws:sns:us-east-1:000000000000:any", 30),
    forecast_retrain_function(AWS, "retail", RetrainingLimits()),
]
PACKAGE = "orchestration.handlers"


def modules_that_import_each_other(name: str) -> set[str]:
    """A module of handlers/ and all of them that it needs."""
    tree = ast.parse((HANDLERS / f"{name}.py").read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [module.removeprefix(f"{PACKAGE}.") for module in imported if module.startswith(f"{PACKAGE}.")]
    return {name}.union(*(modules_that_import_each_other(each) for each in ours))


def test_the_same_code_is_the_same_bytes(tmp_path: Path) -> None:
    archives = []
    for name in ("one", "two"):
        file = tmp_path / name / "package" / "code.py"
        file.parent.mkdir(parents=True)
        file.write_text("x = 1\n", encoding="utf-8")
        archives.append(packed([file], tmp_path / name))

    assert archives[0] == archives[1]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_lambda_finds_the_handler_and_all_that_it_imports_in_the_archive(
    function: Function, tmp_path: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(function.archive)) as files:
        modes = {member.external_attr >> 16 for member in files.infolist()}
        names = set(files.namelist())
        files.extractall(tmp_path)

    module, _, name = function.handler.rpartition(".")
    needed = {
        f"orchestration/handlers/{each}.py" for each in modules_that_import_each_other(function.modules[0])
    }
    assert names == {"orchestration/__init__.py", "orchestration/handlers/__init__.py", *needed}
    assert callable(runpy.run_path(str(tmp_path / f"{module.replace('.', '/')}.py"))[name])
    # Whoever the function runs as reads it.
    assert modes == {0o644}
