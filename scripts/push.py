"""`make push`: the very images that passed the tests, into a registry, by digest."""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.commands import LOGS, ROOT, SetupError, capture, logged, relative, run_main, say, tail
from scripts.images import Build, image_id, image_names
from scripts.tested import TestedImage, read_tested

PUSHED = ROOT / "build" / "push.json"
PUSH_LOG = LOGS / "push.log"
# host[:port][/path], as a reference's first part may be (distribution/reference grammar).
REGISTRY = re.compile(
    r"^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$", re.I
)


@dataclass(frozen=True, slots=True)
class PushedImage:
    """Where an image can be pulled from; `image_uri` names its content and cannot move."""

    name: str
    image_uri: str
    tag_uri: str
    digest: str
    image_id: str


def promoted_names() -> list[str]:
    """The images that SageMaker runs: those that carry the container side of its contracts."""
    return [name for name in image_names() if Build(name).uses_smcontract]


def check_registry(registry: str) -> None:
    """Raise SetupError where `registry` is not host[:port][/path]."""
    if not registry:
        raise SetupError(
            "no registry is named; say where to: make push REGISTRY=host:port\n"
            "  (for ECR: REGISTRY=<account>.dkr.ecr.<region>.amazonaws.com, after docker login)"
        )
    if not REGISTRY.match(registry):
        raise SetupError(
            f"REGISTRY={registry} is not a registry; write host, host:port or host/path, without a scheme"
        )


def still_the_tested(names: Sequence[str], tested: Mapping[str, TestedImage]) -> list[TestedImage]:
    """The tested images of `names`.

    Raises SetupError where one was never tested, has changed since, or is gone:
    what is promoted is what passed, never something like it.
    """
    found = []
    for name in names:
        image = tested.get(name)
        if image is None:
            raise SetupError(f"the image {name} is not among those that passed the tests; run: make test")
        present = Build(name).reference
        if present != image.reference:
            raise SetupError(
                f"the files of {name} have changed since its tests passed ({image.reference} is tested, "
                f"{present} is what they give now); run: make test"
            )
        if image_id(image.reference) != image.image_id:
            raise SetupError(
                f"{image.reference} is no longer the image that passed the tests; run: make test"
            )
        found.append(image)
    return found


def push(image: TestedImage, registry: str) -> PushedImage:
    """Send one image; its name in the registry is the one it has here.

    Raises SetupError with the client's own words.
    """
    tag_uri = f"{registry}/{image.reference}"
    tagged = capture(["docker", "tag", image.image_id, tag_uri])
    if tagged.returncode != 0:
        raise SetupError(f"{image.image_id} cannot be named {tag_uri}: {tagged.stderr.strip()}")
    try:
        if logged(["docker", "push", tag_uri], PUSH_LOG) != 0:
            raise SetupError(
                f"{tag_uri} cannot be pushed. Is the registry up, is there a repository of that name\n"
                f"  (ECR wants one for each image), are you logged in? "
                f"The client's last words ({relative(PUSH_LOG)}):\n"
                f"{tail(PUSH_LOG, 5)}"
            )
        digest = repository_digest(tag_uri)
    finally:
        # The name was only the way in; `make purge` and `docker images` need not know it.
        capture(["docker", "rmi", "--no-prune", tag_uri])
    repository = tag_uri.rpartition(":")[0]
    return PushedImage(image.name, f"{repository}@{digest}", tag_uri, digest, image.image_id)


def repository_digest(tag_uri: str) -> str:
    """The digest under which the registry keeps `tag_uri`. Raises SetupError where it gave none."""
    inspected = capture(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", tag_uri])
    repository = tag_uri.rpartition(":")[0]
    for entry in json.loads(inspected.stdout or "[]"):
        name, _, digest = entry.partition("@")
        if name == repository:
            return str(digest)
    raise SetupError(f"the registry took {tag_uri} and told no digest; is it a registry of version 2?")


def record(registry: str, pushed: Sequence[PushedImage], file: Path = PUSHED) -> None:
    """Leave what was pushed where deployment looks for it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"registry": registry, "images": {image.name: asdict(image) for image in pushed}}
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Push what was asked for, or every image that SageMaker runs."""
    parser = argparse.ArgumentParser(prog="make push", description=__doc__)
    parser.add_argument("--registry", default="")
    parser.add_argument("--image", action="append", default=[], help="only this one; may be repeated")
    arguments = parser.parse_args()
    check_registry(arguments.registry)
    unknown = sorted(set(arguments.image) - set(promoted_names()))
    if unknown:
        raise SetupError(
            f"{', '.join(unknown)} cannot be promoted; images that can: {', '.join(promoted_names())}"
        )
    images = still_the_tested(arguments.image or promoted_names(), read_tested())
    say(f"push to {arguments.registry}")
    pushed = []
    for image in images:
        pushed.append(push(image, arguments.registry))
        say(f"  {image.name:<12} {pushed[-1].image_uri}")
    record(arguments.registry, pushed)
    say(f"  digests in   {relative(PUSHED)}")
    return 0


if __name__ == "__main__":
    run_main(main)
