import os
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.commands import SetupError
from scripts.engine import (
    EngineState,
    engine_state,
    ensure_engine,
    major,
    refuse_without_rights,
    remove_stale,
)
from tests.support.fake_docker import FakeDocker

# What `docker version` and the daemon's socket say: Docker's own texts.
NO_DAEMON = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
)
NOT_ALLOWED = (
    "permission denied while trying to connect to the Docker daemon socket at "
    "unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied"
)
GOOD = EngineState(engine="26.1.5+dfsg1", compose="2.26.1-4", buildx=True)


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("DOCKER_HOST", raising=False)


@pytest.fixture
def superuser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv("DOCKER_HOST", raising=False)


@pytest.mark.parametrize(
    ("version", "number"),
    [("26.1.5+dfsg1", 26), ("v2.26.1", 2), ("2.26.1-4", 2), ("<no value>", 0), ("", 0)],
)
def test_the_first_number_of_a_version_counts(version: str, number: int) -> None:
    assert major(version) == number


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (GOOD, None),
        (replace(GOOD, engine="29.0.0", compose="v5.0.0"), None),
        (replace(GOOD, engine=None, complaint=NO_DAEMON), f"no Docker Engine answers ({NO_DAEMON})"),
        (replace(GOOD, engine="25.0.5"), "Docker Engine 25.0.5 is older than 26"),
        (replace(GOOD, engine="<no value>"), "Docker Engine <no value> is older than 26"),
        (
            replace(GOOD, compose=None),
            "the compose v2 plugin is missing (docker compose version fails)",
        ),
        (
            replace(GOOD, compose="1.29.2"),
            "the compose v2 plugin is missing (docker compose version fails)",
        ),
        (replace(GOOD, buildx=False), "the buildx plugin is missing (docker buildx version fails)"),
    ],
)
def test_the_first_thing_that_is_wrong_is_named(state: EngineState, problem: str | None) -> None:
    assert state.problem == problem


def test_a_machine_in_good_order_is_left_alone(docker: FakeDocker) -> None:
    assert ensure_engine() == "engine 27.5.1, compose v2.26.1, buildx"


def test_a_daemon_that_does_not_run_is_seen_with_its_clients_words(docker: FakeDocker) -> None:
    docker.says("version", stderr=f"Client: 27\n{NO_DAEMON}", exit_code=1)

    assert engine_state() == EngineState(engine=None, compose="v2.26.1", buildx=True, complaint=NO_DAEMON)


def test_plugins_that_are_missing_are_seen(docker: FakeDocker) -> None:
    docker.says("compose version", stderr="unknown flag: --short", exit_code=125)
    docker.says("buildx version", stderr="docker: 'buildx' is not a docker command.", exit_code=1)

    state = engine_state()

    assert (state.engine, state.compose, state.buildx) == ("27.5.1", None, False)


def test_a_machine_without_docker_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    state = engine_state()

    assert (state.engine, state.compose, state.buildx) == (None, None, False)
    assert "'docker'" in state.complaint


@pytest.mark.usefixtures("superuser")
def test_root_on_a_machine_without_an_engine_may_install_one() -> None:
    refuse_without_rights(EngineState(None, None, False, NO_DAEMON))
    refuse_without_rights(replace(GOOD, buildx=False))


@pytest.mark.usefixtures("ordinary_user")
def test_a_user_who_may_not_use_the_engine_is_told_how_to_join() -> None:
    with pytest.raises(SetupError, match=r"sudo usermod -aG docker \$USER"):
        refuse_without_rights(replace(GOOD, engine=None, complaint=NOT_ALLOWED))


@pytest.mark.usefixtures("ordinary_user")
def test_a_user_who_may_not_install_is_told_what_to_install() -> None:
    with pytest.raises(SetupError) as raised:
        refuse_without_rights(EngineState(None, None, False, NO_DAEMON))

    text = str(raised.value)
    assert text.startswith(f"no Docker Engine answers ({NO_DAEMON}), and this user may not install")
    assert "apt-get install docker.io docker-cli docker-compose docker-buildx" in text


@pytest.mark.usefixtures("superuser")
def test_an_engine_somewhere_else_is_not_replaced_by_one_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://build:2375")

    with pytest.raises(SetupError, match=r"DOCKER_HOST is set to tcp://build:2375\.\n  Start that engine"):
        refuse_without_rights(replace(GOOD, engine=None, complaint="refused"))


@pytest.mark.usefixtures("superuser")
def test_a_plugin_is_not_missing_because_of_the_engine_somewhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://build:2375")

    with pytest.raises(SetupError, match="buildx plugin is missing") as raised:
        refuse_without_rights(replace(GOOD, buildx=False))

    assert "Start that engine" not in str(raised.value)


@pytest.mark.usefixtures("superuser")
def test_an_old_engine_is_not_replaced_under_its_containers(docker: FakeDocker) -> None:
    docker.says("version", stdout="20.10.24")

    with pytest.raises(
        SetupError, match=r"20\.10\.24 is older than 26, and an engine in use is not replaced"
    ):
        ensure_engine()


@pytest.mark.parametrize(
    ("stat", "is_stale"),
    [
        (None, True),
        ("4711 (dockerd) Z 1 4711 4711", True),
        ("4711 (a (very) odd one) S 1 4711 4711", True),
        ("4711 (dockerd) S 1 4711 4711", False),
    ],
    ids=["nobody", "a dead daemon that nobody has buried", "a stranger", "a daemon at work"],
)
def test_a_pid_file_goes_where_no_daemon_is_behind_it(
    stat: str | None, is_stale: bool, tmp_path: Path
) -> None:
    pid_file = tmp_path / "docker.pid"
    pid_file.write_text("4711")
    if stat is not None:
        (tmp_path / "proc" / "4711").mkdir(parents=True)
        (tmp_path / "proc" / "4711" / "stat").write_text(stat)

    remove_stale(pid_file, "dockerd", tmp_path / "proc")

    assert pid_file.exists() is not is_stale


def test_without_a_pid_file_there_is_nothing_to_remove(tmp_path: Path) -> None:
    remove_stale(tmp_path / "docker.pid", "dockerd")
