import json
import re
from pathlib import Path

import pytest

from scripts import images
from scripts.commands import ROOT, SetupError
from scripts.images import (
    BROWSER,
    Build,
    build_args,
    built_images,
    chosen,
    ensure_built,
    image_id,
    image_names,
    reference,
    run_build,
)
from tests.support.fake_docker import FakeDocker


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one image of a few bytes."""
    for name, folder in (("IMAGES", "images"), ("STATE", ".state"), ("LOGS", "logs")):
        monkeypatch.setattr(images, name, tmp_path / folder)
    (tmp_path / "images" / "thing").mkdir(parents=True)
    (tmp_path / "images" / "thing" / "Dockerfile").write_text("FROM base\n", encoding="utf-8")
    return tmp_path


def recorded(project: Path) -> dict[str, object]:
    document = json.loads((project / ".state" / "images" / "thing.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_every_folder_with_a_dockerfile_is_an_image() -> None:
    assert image_names() == [
        "api",
        "emulator",
        "lambda_python",
        "localstack",
        "monitor",
        "preprocess",
        "registry",
        "train_deepar",
        "train_xgb",
    ]


def test_the_tests_browser_is_built_like_an_image_and_is_none() -> None:
    assert Build(BROWSER.name).folder == ROOT / "tests" / "ui" / "browser"
    assert (BROWSER / "Dockerfile").is_file()
    assert BROWSER.name not in image_names()


def test_no_name_means_every_image() -> None:
    assert chosen([]) == image_names()


def test_names_are_taken_in_the_order_given() -> None:
    assert chosen(["train_xgb", "preprocess"]) == ["train_xgb", "preprocess"]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    known = r"no image is called nosuch; there are: api, emulator, lambda_python, localstack,"
    with pytest.raises(SetupError, match=known):
        chosen(["train_xgb", "nosuch"])


def test_the_contract_enters_the_images_that_sagemaker_runs() -> None:
    assert {name: Build(name).uses_smcontract for name in image_names()} == {
        "api": False,
        "emulator": False,
        "lambda_python": False,
        "localstack": False,
        "monitor": True,
        "preprocess": True,
        "registry": False,
        "train_deepar": True,
        "train_xgb": True,
    }


def test_the_stage_with_the_tests_is_an_image_of_its_own() -> None:
    runtime, test = Build("train_xgb"), Build("train_xgb", "test")

    assert re.fullmatch(r"slipway/train_xgb:[0-9a-f]{12}", runtime.reference)
    assert re.fullmatch(r"slipway/train_xgb-test:[0-9a-f]{12}", test.reference)
    assert (runtime.state_file.name, test.state_file.name) == ("train_xgb.json", "train_xgb-test.json")


def test_the_contract_counts_where_it_enters_and_nowhere_else(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract, dockerfile = project / "smcontract", project / "images" / "thing" / "Dockerfile"
    contract.mkdir()
    monkeypatch.setattr(images, "SMCONTRACT", contract)
    without = Build("thing").reference
    (contract / "root.py").write_text("1", encoding="utf-8")
    assert Build("thing").reference == without

    dockerfile.write_text("FROM base\nCOPY --from=smcontract . /src\n", encoding="utf-8")
    before = Build("thing").reference
    (contract / "root.py").write_text("2", encoding="utf-8")

    assert Build("thing").reference != before


def test_tests_count_for_the_stage_that_holds_them_and_not_for_what_ships(project: Path) -> None:
    ships, tests = Build("thing").reference, Build("thing", "test").reference

    (project / "images" / "thing" / "tests").mkdir()
    (project / "images" / "thing" / "tests" / "test_job.py").write_text("", encoding="utf-8")

    assert Build("thing").reference == ships
    assert Build("thing", "test").reference != tests


def test_another_platform_is_another_image(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_DEFAULT_PLATFORM", raising=False)
    native = Build("thing").reference
    assert build_args() == {}

    monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", "linux/arm64")

    assert build_args() == {"platform": "linux/arm64"}
    assert Build("thing").reference != native


def test_a_reference_is_given_for_what_is_built(project: Path, docker: FakeDocker) -> None:
    docker.holds("images", Build("thing").reference, image_id="sha256:7")

    assert reference("thing") == Build("thing").reference
    assert image_id(reference("thing")) == "sha256:7"


def test_a_reference_to_what_is_not_built_says_what_to_run(project: Path, docker: FakeDocker) -> None:
    docker.holds("images", "slipway/thing:000000000000")

    with pytest.raises(SetupError, match="has not been built from the present files; run: make images"):
        reference("thing")


def test_what_is_not_there_is_built_and_recorded(project: Path, docker: FakeDocker) -> None:
    built = ensure_built(Build("thing"))

    assert docker.names("images") == {built.reference} == {Build("thing").reference}
    assert built.size_bytes == 1_000_000
    assert recorded(project)["image_id"] == built.image_id == docker.id_of(built.reference)


def test_what_is_there_is_not_built_again(
    project: Path, docker: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    docker.holds("images", Build("thing").reference)
    docker.says("buildx build", stderr="a build that nobody needs", exit_code=1)

    ensure_built(Build("thing"))

    assert capsys.readouterr().out.endswith(", unchanged\n")


def test_stages_with_tests_are_built_where_there_are_some(project: Path, docker: FakeDocker) -> None:
    (project / "images" / "other").mkdir()
    (project / "images" / "other" / "Dockerfile").write_text(
        "FROM base\nFROM base AS test\n", encoding="utf-8"
    )

    built = built_images(["thing", "other"], with_tests=True)

    assert [image.name for image in built] == ["thing", "other"]
    wanted = [Build("thing"), Build("other"), Build("other", "test")]
    assert docker.names("images") == {build.reference for build in wanted}


def test_one_of_several_that_does_not_build_is_named(project: Path, docker: FakeDocker) -> None:
    docker.holds("images", Build("thing").reference)
    (project / "images" / "other").mkdir()
    (project / "images" / "other" / "Dockerfile").write_text("FROM nowhere\n", encoding="utf-8")
    docker.says("buildx build", stderr="ERROR: nowhere: not found", exit_code=1)

    with pytest.raises(SetupError, match="the image other does not build"):
        built_images(["thing", "other"])


def test_files_that_are_again_as_they_were_are_on_record_again(project: Path, docker: FakeDocker) -> None:
    dockerfile = project / "images" / "thing" / "Dockerfile"
    first = ensure_built(Build("thing")).reference
    dockerfile.write_text("FROM other\n", encoding="utf-8")
    ensure_built(Build("thing"))

    dockerfile.write_text("FROM base\n", encoding="utf-8")
    ensure_built(Build("thing"))

    assert recorded(project)["reference"] == first


def test_a_build_that_fails_is_told_in_the_builders_last_lines(project: Path, docker: FakeDocker) -> None:
    docker.says("buildx build", stderr="ERROR: failed to solve: base: not found", exit_code=1)

    with pytest.raises(SetupError, match="the image thing does not build") as raised:
        ensure_built(Build("thing"))

    assert "    ERROR: failed to solve: base: not found" in str(raised.value)
    assert docker.names("images") == set()


def test_a_file_that_changes_while_it_is_built_leaves_no_image_with_a_wrong_tag(
    project: Path, docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build_and_edit(build: Build, tag: str) -> None:
        run_build(build, tag)
        (build.folder / "Dockerfile").write_text("FROM other\n", encoding="utf-8")

    monkeypatch.setattr(images, "run_build", build_and_edit)

    with pytest.raises(SetupError, match="files of thing changed while it was built"):
        ensure_built(Build("thing"))

    assert docker.names("images") == set()


def test_the_builder_is_told_stage_label_base_and_contract(project: Path, docker: FakeDocker) -> None:
    (project / "images" / "thing" / "Dockerfile").write_text(
        "COPY --from=smcontract . /src\n", encoding="utf-8"
    )

    run_build(Build("thing", "test"), "slipway/thing-test:1")

    command = (project / "logs" / "image-thing-test.log").read_text(encoding="utf-8").splitlines()[0]
    for part in (
        "--target test",
        "--tag slipway/thing-test:1",
        "--label slipway=1",
        "--build-arg BASE_IMAGE=slipway/base:trixie",
        "--build-context smcontract=",
    ):
        assert part in command
    assert command.endswith(str(project / "images" / "thing"))
