"""How much memory the JVM may take."""

from pathlib import Path

import pytest
from monitor import spark


def heap(monkeypatch: pytest.MonkeyPatch, file: Path, limit: str) -> int:
    file.write_text(f"{limit}\n")
    monkeypatch.setattr(spark, "_MEMORY_LIMIT", file)
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1 << 20}.__getitem__)
    (option,) = (word for word in spark.java_command(0, file.parent) if word.startswith("-Xmx"))
    return int(option.removeprefix("-Xmx").removesuffix("m"))


def test_the_heap_is_three_fifths_of_the_containers_memory_and_not_without_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits = {
        # The machine's 4 GiB, where the container has no limit or a larger one.
        "max": 2457,
        str(64 << 30): 2457,
        str(1 << 30): 614,
    }

    assert {limit: heap(monkeypatch, tmp_path / "memory.max", limit) for limit in limits} == limits
    monkeypatch.setattr(spark, "_HEAP_SHARE", 1.0)
    assert heap(monkeypatch, tmp_path / "memory.max", "max") == 3072
