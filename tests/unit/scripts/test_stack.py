import re

import pytest

from scripts.commands import ROOT, SetupError
from scripts.images import Build
from scripts.stack import OTHERS, SERVICES, compose_environment, up
from tests.support.fake_docker import FakeDocker


@pytest.fixture
def built(docker: FakeDocker) -> FakeDocker:
    """A docker that has every service's image, and those that services run."""
    for name in (*SERVICES, *OTHERS):
        docker.holds("images", Build(name).reference)
    return docker


def test_each_service_gets_the_image_of_the_present_files(
    built: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_PORT", "4567")

    environment = compose_environment()

    assert environment["SLIPWAY_LOCALSTACK_IMAGE"] == Build("localstack").reference
    assert environment["SLIPWAY_LAMBDA_IMAGE"] == Build("lambda_python").reference
    assert environment["SLIPWAY_PORT"] == "4567"


def test_compose_reads_the_variables_that_are_set() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")

    for service, variable in SERVICES.items():
        assert re.search(rf"^  {service}:\n    image: \${{{variable}[:}}]", compose, re.MULTILINE)
    for variable in OTHERS.values():
        assert f"{variable}: ${{{variable}:-" in compose


def test_an_image_that_is_not_built_says_what_to_run(docker: FakeDocker) -> None:
    with pytest.raises(SetupError, match=r"slipway/localstack:.* has not been built.*run: make images"):
        up()


def test_a_stack_that_is_up_says_where(built: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    built.says("compose", exit_code=0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4567")

    assert up() == "http://localhost:4567"


def test_a_stack_that_does_not_come_up_is_told_with_its_words_and_the_way_out(built: FakeDocker) -> None:
    built.says("compose", stdout="localstack-1 | starting", stderr="port is already allocated", exit_code=1)

    with pytest.raises(SetupError) as raised:
        up()

    text = str(raised.value)
    assert "port is already allocated" in text
    assert "localstack-1 | starting" in text
    assert "SLIPWAY_PORT=4567" in text
