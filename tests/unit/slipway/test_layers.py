"""Imports of the emulator point one way, and each thing outside is known in one place."""

from pathlib import Path

import pytest

from scripts.commands import ROOT
from tests.unit.test_imports import imported, readers_of_the_environment

SLIPWAY = ROOT / "emulator" / "slipway"
PROGRAMS = {"__main__", "health"}
# What wires the parts may know all of them.
ROOTS = {*PROGRAMS, "executions", "feature_store", "functions", "jobs", "monitoring", "scheduling", "serving"}
# What each part may import of the others, as parts or as single modules. The parts that
# are not named here import no other: clock, errors, faults.
MAY_IMPORT: dict[str, set[str]] = {
    "settings": {"faults"},
    "resources": {"errors"},
    "api": {"resources"},
    "pipelines": {"resources"},
    "schedules": {"errors", "resources"},
    "monitors": {"pipelines.durations", "resources"},
    "store": {"clock", "resources"},
    # A page's position is a row's.
    "protocol": {"clock", "errors", "resources", "store.query"},
    # Protocol calls operations; they know what a call is, and never how it came.
    "operations": {
        *("api", "clock", "errors", "monitors", "pipelines", "resources", "runtime", "schedules", "store"),
        *("protocol.call", "protocol.dispatch", "protocol.pages", "protocol.service_model"),
    },
    "containers": {"clock", "errors", "resources"},
    "staging": {"clock", "errors", "resources"},
    "runtime": {"clock", "errors", "resources"},
    "executors": {
        *("api", "clock", "errors", "faults", "pipelines", "resources", "store"),
        *("staging", "containers", "monitors", "runtime", "schedules"),
    },
    "aws": {"resources"},
    "events": {"aws", "clock", "courier", "resources", "store"},
    "telemetry": {"aws", "clock", "courier", "resources"},
}
# The only parts that know them.
ONLY_IN = {
    "docker": {"containers"},
    "sqlite3": {"store"},
    "duckdb": {"staging.parquet", "staging.sql"},
    "asyncio": {"protocol.server", "protocol.connection"},
    "uvicorn": {"__main__", "protocol.connection"},
}
MODULES = sorted(SLIPWAY.rglob("*.py"))


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(SLIPWAY).with_suffix("").parts).removesuffix(".__init__")


def within(module: str, parts: set[str]) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_module_imports_only_what_its_layer_may(file: Path) -> None:
    part = name_of(file).partition(".")[0]
    ours = {name.removeprefix("slipway.") for name in imported(file) if name.startswith("slipway.")}

    allowed = {part} | MAY_IMPORT.get(part, set())

    assert part in ROOTS or {name for name in ours if not within(name, allowed)} == set()


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_what_is_outside_is_known_in_one_place(file: Path) -> None:
    outside = {name.partition(".")[0] for name in imported(file)} & ONLY_IN.keys()

    assert {name for name in outside if not within(name_of(file), ONLY_IN[name])} == set()


def test_only_programs_take_the_environment_and_they_pass_it_to_settings() -> None:
    readers = {(name_of(file), function) for file in MODULES for function in readers_of_the_environment(file)}

    assert readers == {(program, "main") for program in PROGRAMS}


def test_the_table_names_parts_that_there_are() -> None:
    parts = {name_of(file).partition(".")[0] for file in MODULES}

    assert ROOTS | MAY_IMPORT.keys() <= parts
