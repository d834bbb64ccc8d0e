import hashlib
import json
import re
from pathlib import Path

import pytest

from scripts.api import environment, key, keys_document, up
from scripts.commands import ROOT, SetupError
from scripts.images import Build
from scripts.stack import OTHERS, SERVICES
from tests.support.fake_docker import FakeDocker


@pytest.fixture
def built(docker: FakeDocker) -> FakeDocker:
    """A docker that has every image that is asked for."""
    for name in (*SERVICES, *OTHERS, "api"):
        docker.holds("images", Build(name).reference)
    return docker


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "build" / "api.key"

    first, second = key(file), key(file)

    assert first == second
    assert re.fullmatch(r"slw_[\w-]{43}", first)
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_api_is_told_a_digest_and_no_key(built: FakeDocker) -> None:
    told = environment("s3://bucket/project.json", "slw_secret")

    assert json.loads(told["SLIPWAY_API_KEYS"])["keys"] == [
        {"client": "make", "sha256": hashlib.sha256(b"slw_secret").hexdigest()}
    ]
    assert told["SLIPWAY_API_PROJECTS"] == "s3://bucket/project.json"
    assert not [name for name, value in told.items() if "slw_secret" in value]


def test_compose_reads_the_variables_that_are_set(built: FakeDocker) -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    told = environment("s3://bucket/project.json", "slw_secret")

    ours = {name for name in told if name.startswith("SLIPWAY_API_")}
    assert ours == {"SLIPWAY_API_IMAGE", "SLIPWAY_API_PROJECTS", "SLIPWAY_API_KEYS"}
    assert all(f"${{{name}:-" in compose for name in ours)


def test_an_api_that_is_up_says_where(
    built: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.says("compose", exit_code=0)
    monkeypatch.setenv("SLIPWAY_API_PORT", "8001")

    assert up("s3://bucket/project.json", tmp_path / "api.key") == "http://localhost:8001"


def test_an_api_that_does_not_come_up_is_told_with_its_words_and_the_way_out(
    built: FakeDocker, tmp_path: Path
) -> None:
    built.says("compose", stdout="api-1 | api: no", stderr="port is already allocated", exit_code=1)

    with pytest.raises(SetupError) as raised:
        up("s3://bucket/project.json", tmp_path / "api.key")

    text = str(raised.value)
    assert "port is already allocated" in text
    assert "api-1 | api: no" in text
    assert "SLIPWAY_API_PORT=8001" in text
    assert keys_document("x") not in text
