"""`make images`: build the images whose inputs changed, and say which image a name means now."""

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.base_image import BASE_IMAGE
from scripts.commands import LOGS, ROOT, STATE, SetupError, capture, logged, relative, run_main, say, tail
from scripts.content_tag import content_tag

IMAGES = ROOT / "images"
# The control plane is an image too; its folder is the service's, beside images/.
EMULATOR = ROOT / "emulator"
# What tests/ui look at pages with: built for the tests alone, and no image of the project's.
BROWSER = ROOT / "tests" / "ui" / "browser"
SMCONTRACT = ROOT / "lib" / "smcontract"
REPOSITORY = "slipway"
# A build waits for the network and for the disk about as long as it computes.
AT_ONCE = 2
# Where Debian, Red Hat and SUSE keep the host's certificates; only networks
# that re-sign TLS need them inside a build, and they never enter a layer.
CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)


@dataclass(frozen=True, slots=True)
class Build:
    """One thing to build: an image, or the stage of it that adds pytest and the image's own tests."""

    name: str
    stage: str = "runtime"

    @property
    def folder(self) -> Path:
        """The build's context."""
        elsewhere = {folder.name: folder for folder in (EMULATOR, BROWSER)}
        return elsewhere.get(self.name, IMAGES / self.name)

    @property
    def local_name(self) -> str:
        """The name under which its state is kept."""
        return self.name if self.stage == "runtime" else f"{self.name}-{self.stage}"

    @property
    def uses_smcontract(self) -> bool:
        """Whether the Dockerfile takes the container side of the contract into the image."""
        return "from=smcontract" in self.dockerfile

    @property
    def dockerfile(self) -> str:
        """Its Dockerfile's text."""
        return (self.folder / "Dockerfile").read_text(encoding="utf-8")

    @property
    def reference(self) -> str:
        """The image's name and content tag."""
        folders = [self.folder, SMCONTRACT] if self.uses_smcontract else [self.folder]
        tag = content_tag(folders, build_args(), with_tests=self.stage == "test")
        return f"{REPOSITORY}/{self.local_name}:{tag}"

    @property
    def state_file(self) -> Path:
        """Where the outcome of its last build is recorded."""
        return STATE / "images" / f"{self.local_name}.json"


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """The outcome of a build; `size_bytes` as the engine counts it, layers shared or not."""

    name: str
    reference: str
    image_id: str
    size_bytes: int
    build_seconds: float


def build_args() -> dict[str, str]:
    """What the caller chose beyond the files; part of the tag."""
    platform = os.environ.get("DOCKER_DEFAULT_PLATFORM")
    return {"platform": platform} if platform else {}


def image_names() -> list[str]:
    """Every image of the project, in alphabetical order."""
    return sorted([EMULATOR.name, *(path.parent.name for path in IMAGES.glob("*/Dockerfile"))])


def chosen(names: list[str]) -> list[str]:
    """The images that `names` mean; all of them where there are none.

    Raises SetupError for a name that is no image.
    """
    unknown = sorted(set(names) - set(image_names()))
    if unknown:
        raise SetupError(f"no image is called {', '.join(unknown)}; there are: {', '.join(image_names())}.")
    return names or image_names()


def image_id(reference: str) -> str | None:
    """The engine's id of `reference`; None where it does not have it."""
    inspected = capture(["docker", "image", "inspect", "--format", "{{.Id}}", reference])
    return inspected.stdout.strip() if inspected.returncode == 0 else None


def reference(name: str) -> str:
    """The image that the present files of `name` give.

    Raises SetupError where it has not been built.
    """
    wanted = Build(name).reference
    if image_id(wanted) is None:
        raise SetupError(f"{wanted} has not been built from the present files; run: make images")
    return wanted


def ensure_built(build: Build) -> BuiltImage:
    """Build what is not there yet; the image appears whole or not at all.

    Raises SetupError with the builder's own last lines, and where a file has
    changed under the builder's hands: no tag says what such an image holds.
    """
    wanted = build.reference
    started = time.perf_counter()
    seconds = 0.0
    is_new = image_id(wanted) is None
    if is_new:
        say(f"  {build.local_name:<15} building …  (log: {relative(log_of(build))})")
        run_build(build, wanted)
        if build.reference != wanted:
            capture(["docker", "image", "rm", wanted])
            raise SetupError(f"files of {build.local_name} changed while it was built; run it again.")
        seconds = time.perf_counter() - started
    outcome = inspected(build, wanted, seconds)
    if is_new or not records(build.state_file, wanted):
        build.state_file.parent.mkdir(parents=True, exist_ok=True)
        build.state_file.write_text(json.dumps(asdict(outcome), indent=2) + "\n", encoding="utf-8")
    took = f", {seconds:.0f} s" if is_new else ", unchanged"
    say(f"  {build.local_name:<15} {wanted}  {outcome.size_bytes / 1e6:.0f} MB{took}")
    return outcome


def built_images(names: list[str], with_tests: bool = False) -> list[BuiltImage]:
    """Build `names`, some of them at once, and after each the stage with its tests.

    Raises SetupError with the builder's own last lines for the first that does not build.
    """

    def build(name: str) -> BuiltImage:
        built = ensure_built(Build(name))
        if with_tests and "AS test" in Build(name).dockerfile:
            ensure_built(Build(name, "test"))
        return built

    with ThreadPoolExecutor(AT_ONCE) as pool:
        # Where one fails, map lets those that have not begun go.
        return list(pool.map(build, names))


def records(state_file: Path, wanted: str) -> bool:
    """Whether the last outcome on record is the image `wanted`."""
    return state_file.is_file() and f'"{wanted}"' in state_file.read_text(encoding="utf-8")


def log_of(build: Build) -> Path:
    """Where the builder's output of `build` goes."""
    return LOGS / f"image-{build.local_name}.log"


def run_build(build: Build, tag: str) -> None:
    """One `docker buildx build`."""
    log_file = log_of(build)
    log_file.unlink(missing_ok=True)
    command = [
        *("docker", "buildx", "build", "--load", "--progress=plain"),
        *("--target", build.stage, "--tag", tag, "--label", "slipway=1"),
        *("--build-arg", f"BASE_IMAGE={BASE_IMAGE}"),
    ]
    if build.uses_smcontract:
        command += ["--build-context", f"smcontract={SMCONTRACT}"]
    bundle = next((path for path in CA_BUNDLES if Path(path).exists()), None)
    if bundle:
        command += ["--secret", f"id=ca,src={bundle}"]
    if logged([*command, str(build.folder)], log_file) != 0:
        raise SetupError(
            f"the image {build.local_name} does not build; the builder's last lines "
            f"({relative(log_file)}):\n{tail(log_file, 20)}"
        )


def inspected(build: Build, tag: str, seconds: float) -> BuiltImage:
    """What the engine says about an image that is there. Raises SetupError where it says nothing."""
    answer = capture(["docker", "image", "inspect", "--format", "{{.Id}} {{.Size}}", tag])
    if answer.returncode != 0:
        raise SetupError(f"the image {tag} cannot be inspected: {answer.stderr.strip()}")
    identity, size = answer.stdout.split()
    return BuiltImage(build.name, tag, identity, int(size), round(seconds, 1))


def main() -> int:
    """Build, or print references."""
    parser = argparse.ArgumentParser(prog="make images", description=__doc__)
    parser.add_argument("command", choices=["build", "reference"])
    parser.add_argument("names", nargs="*", help="images; all of them when none is named")
    parser.add_argument("--tests", action="store_true", help="also the images' test stages")
    arguments = parser.parse_args()
    names = chosen(arguments.names)
    if arguments.command == "reference":
        for name in names:
            say(reference(name))
        return 0
    say("images")
    built = (
        built_images([*names, BROWSER.name], with_tests=True)[:-1] if arguments.tests else built_images(names)
    )
    figures = {image.name: {**asdict(image)} for image in built}
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "images.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    run_main(main)
