"""Who may import whom, and who may read the environment."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.commands import ROOT

STANDARD_LIBRARY = sys.stdlib_module_names
IMAGES = sorted(path.parent for path in (ROOT / "images").glob("*/pyproject.toml"))
# An image's package has its folder's name; LocalStack's own name was taken.
PACKAGES = {
    # An image's tests are one too, where they share helpers, and each image's own.
    folder: {path.parent.name for path in folder.glob("*/__init__.py")} - {"tests"}
    for folder in IMAGES
}
IMAGE_PACKAGES = frozenset().union(*PACKAGES.values())
OUTSIDE = {"orchestration", "scripts", "projects"}


def modules(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.py"))
    assert found, f"{folder} holds no module"
    return found


def imported(file: Path) -> set[str]:
    """The full names of all that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports relatively"
            names.add(node.module or "")
    return names


def roots(file: Path) -> set[str]:
    """The first parts of what a module imports."""
    return {name.partition(".")[0] for name in imported(file)}


def foreign(folder: Path, allowed: set[str]) -> dict[str, set[str]]:
    """What the modules below `folder` import beyond the standard library and `allowed`."""
    beyond = {
        str(file.relative_to(ROOT)): roots(file) - STANDARD_LIBRARY - allowed for file in modules(folder)
    }
    return {file: names for file, names in beyond.items() if names}


def test_imports_are_seen_wherever_they_stand(tmp_path: Path) -> None:
    text = "import a.b, c\nfrom d.e import f\nclass X:\n    def m(self):\n        import g as h\n"
    (tmp_path / "module.py").write_text(text, encoding="utf-8")

    assert imported(tmp_path / "module.py") == {"a.b", "c", "d.e", "g"}


def test_verbs_need_the_standard_library_only() -> None:
    assert foreign(ROOT / "scripts", {"scripts"}) == {}


def test_the_container_side_of_the_contract_needs_the_standard_library_only() -> None:
    assert foreign(ROOT / "lib" / "smcontract", {"smcontract"}) == {}


@pytest.mark.parametrize("image", IMAGES, ids=lambda folder: folder.name)
def test_an_image_knows_neither_projects_nor_verbs_nor_another_image(image: Path) -> None:
    assert PACKAGES[image], f"{image} has no package"
    forbidden = OUTSIDE | (IMAGE_PACKAGES - PACKAGES[image])

    assert {file: found for file in modules(image) if (found := roots(file) & forbidden)} == {}


def test_orchestration_knows_no_code_of_an_image() -> None:
    forbidden = IMAGE_PACKAGES | {"smcontract"}

    assert {
        file: found for file in modules(ROOT / "orchestration") if (found := roots(file) & forbidden)
    } == {}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("errors", set()),
        ("settings", {"orchestration.errors"}),
        ("data_source", {"orchestration.errors", "orchestration.settings"}),
        ("__init__", set()),
    ],
)
def test_the_choice_of_rows_needs_no_environment(module: str, allowed: set[str]) -> None:
    names = imported(ROOT / "orchestration" / f"{module}.py")

    assert {name for name in names if name.partition(".")[0] not in STANDARD_LIBRARY} <= allowed


@pytest.mark.parametrize("project", sorted((ROOT / "projects").glob("*/generate.py")), ids=str)
def test_a_projects_generator_needs_the_standard_library_only(project: Path) -> None:
    assert roots(project) <= STANDARD_LIBRARY


@pytest.mark.parametrize(
    "module",
    [
        "orchestration.data_source",
        *sorted(f"scripts.{path.stem}" for path in (ROOT / "scripts").glob("[a-z]*.py")),
    ],
)
def test_it_starts_on_a_bare_python(module: str) -> None:
    # -S leaves out site-packages, -I everything that the caller's environment adds.
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {module}"

    outcome = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], check=False, capture_output=True, text=True
    )

    assert (outcome.returncode, outcome.stderr) == (0, "")


def readers_of_the_environment(file: Path) -> Iterator[str]:
    """The functions of a module that touch os.environ or os.getenv; "" is the module itself."""

    def within(node: ast.AST, function: str) -> Iterator[str]:
        name = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "putenv"):
            yield name
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (name for alias in node.names if alias.name in ("environ", "getenv"))
        for child in ast.iter_child_nodes(node):
            yield from within(child, name)

    yield from within(ast.parse(file.read_text(encoding="utf-8")), "")


def test_readers_of_the_environment_are_seen(tmp_path: Path) -> None:
    text = (
        "import os\nfrom os import getenv\nX = os.environ['X']\n"
        "def f():\n    return os.getenv('X')\nasync def g():\n    os.environ.pop('X')\n"
    )
    (tmp_path / "module.py").write_text(text, encoding="utf-8")

    assert list(readers_of_the_environment(tmp_path / "module.py")) == ["", "", "f", "g"]


def test_only_the_programs_of_orchestration_take_the_environment_and_they_pass_it_to_settings() -> None:
    readers = {
        (file.name, function)
        for file in modules(ROOT / "orchestration")
        for function in readers_of_the_environment(file)
    }

    # A function of Lambda is a program of its own.
    functions = {
        (f"{name}.py", "handler")
        for name in ("deploy", "monitor", "retrain", "forecast_monitor", "forecast_retrain")
    }
    assert readers == {("__main__.py", "main"), ("data_source.py", "main")} | functions


def test_a_function_of_lambda_is_files_of_one_folder_with_boto3_alone() -> None:
    handlers = ROOT / "orchestration" / "handlers"
    ours = {name for file in modules(handlers) for name in imported(file) if name.startswith("orchestration")}

    assert foreign(handlers, {"boto3", "botocore", "orchestration"}) == {}
    assert {name for name in ours if not name.startswith("orchestration.handlers.")} == set()
