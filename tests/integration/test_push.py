"""`make push`, rehearsed against a real registry."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from testcontainers.core.container import DockerContainer

from scripts import push
from scripts.commands import ROOT, SetupError
from scripts.images import image_id, reference
from scripts.tested import TestedImage, read_tested, record_tested
from tests.support.containers import LABELS, on_loopback, wait_until


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """host:port of Debian's registry in a container."""
    container = on_loopback(DockerContainer(reference("registry")), 5000).with_kwargs(labels=LABELS)
    with container:
        wrapped = container.get_wrapped_container()

        def healthy() -> bool | None:
            wrapped.reload()
            return True if wrapped.attrs["State"].get("Health", {}).get("Status") == "healthy" else None

        wait_until(healthy, "the registry to be healthy")
        yield f"127.0.0.1:{container.get_exposed_port(5000)}"


@pytest.fixture
def tested(tmp_path: Path) -> dict[str, TestedImage]:
    """What a green `make test` of the present files leaves."""
    record_tested(tmp_path / "tested.json")
    return read_tested(tmp_path / "tested.json")


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def test_the_image_that_was_tested_is_the_image_that_is_pulled(
    registry: str, tested: dict[str, TestedImage], tmp_path: Path
) -> None:
    (image,) = push.still_the_tested(["preprocess"], tested)

    pushed = push.push(image, registry)
    push.record(registry, [pushed], tmp_path / "push.json")

    document: Any = json.loads((tmp_path / "push.json").read_text(encoding="utf-8"))
    uri = document["images"]["preprocess"]["image_uri"]
    assert uri == f"{registry}/slipway/preprocess@{pushed.digest}"
    try:
        docker("pull", "--quiet", uri)
        # The id is the digest of the image's configuration, which names every layer's digest.
        assert docker("image", "inspect", "--format", "{{.Id}}", uri) == image.image_id
    finally:
        docker("rmi", "--no-prune", uri)
    assert image_id(image.reference) == image.image_id


def test_pushing_again_gives_the_same_digest(registry: str, tested: dict[str, TestedImage]) -> None:
    first, second = (push.push(tested["preprocess"], registry) for _ in range(2))

    assert first == second


def test_no_name_of_the_registry_stays_behind(registry: str, tested: dict[str, TestedImage]) -> None:
    push.push(tested["preprocess"], registry)

    assert registry not in docker("images", "--format", "{{.Repository}}")


def test_a_registry_that_does_not_answer_is_named(tested: dict[str, TestedImage]) -> None:
    with pytest.raises(SetupError, match=r"127\.0\.0\.1:1/slipway/preprocess.* cannot be pushed"):
        push.push(tested["preprocess"], "127.0.0.1:1")

    assert "127.0.0.1:1" not in docker("images", "--format", "{{.Repository}}")


def test_images_that_carry_the_contracts_are_promoted_and_no_others() -> None:
    assert push.promoted_names() == ["monitor", "preprocess", "train_deepar", "train_xgb"]


def test_an_image_that_was_not_tested_is_not_pushed(tested: dict[str, TestedImage]) -> None:
    del tested["train_xgb"]

    with pytest.raises(
        SetupError, match="train_xgb is not among those that passed the tests; run: make test"
    ):
        push.still_the_tested(["preprocess", "train_xgb"], tested)


def test_an_image_whose_files_changed_since_is_not_pushed(tested: dict[str, TestedImage]) -> None:
    image = tested["preprocess"]
    tested["preprocess"] = TestedImage("preprocess", "slipway/preprocess:000000000000", image.image_id, "")

    with pytest.raises(SetupError, match="have changed since its tests passed"):
        push.still_the_tested(["preprocess"], tested)


def test_another_image_under_the_tested_name_is_not_pushed(tested: dict[str, TestedImage]) -> None:
    image = tested["preprocess"]
    tested["preprocess"] = TestedImage("preprocess", image.reference, "sha256:" + "0" * 64, "")

    with pytest.raises(SetupError, match="no longer the image that passed the tests"):
        push.still_the_tested(["preprocess"], tested)


@pytest.mark.parametrize(
    ("registry_name", "complaint"),
    [
        ("", "make push REGISTRY=host:port"),
        ("https://registry.example", "without a scheme"),
        ("registry.example:port", "is not a registry"),
    ],
)
def test_what_cannot_be_a_registry_is_refused_before_anything_is_done(
    registry_name: str, complaint: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.push", "--registry", registry_name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr
