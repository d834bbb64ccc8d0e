"""`make down` and `make purge`: what is ours goes, found by its label, and nothing else."""

import argparse
import shutil

from scripts.base_image import BASE_IMAGE
from scripts.commands import ROOT, SetupError, capture, run_main, say

OURS = "label=slipway=1"
# Everything that the verbs write inside the project.
WRITTEN_FOLDERS = (".venv", ".venv-sdk-v2", ".state", "build")


def main() -> int:
    """Remove containers and networks; with `purge` all the rest of ours too."""
    parser = argparse.ArgumentParser(prog="make down", description=__doc__)
    parser.add_argument("command", choices=["down", "purge"])
    command = parser.parse_args().command
    if capture(["docker", "version"]).returncode == 0:
        remove("containers", ["ps", "--all", "--quiet"], ["rm", "--force", "--volumes"])
        remove("networks", ["network", "ls", "--quiet"], ["network", "rm"])
        if command == "purge":
            remove("volumes", ["volume", "ls", "--quiet"], ["volume", "rm"])
            remove_images()
    else:
        say("  docker does not answer: no container of ours can be running")
    if command == "purge":
        remove_written_folders()
        say("  Docker itself and its build cache stay: others may use them (docker builder prune empties it)")
    return 0


def remove(what: str, listing: list[str], removal: list[str]) -> None:
    """Remove everything that `listing` finds under our label.

    Raises SetupError where something of ours could not be removed.
    """
    found = capture(["docker", *listing, "--filter", OURS]).stdout.split()
    if found:
        removed = capture(["docker", *removal, *found], 120)
        if removed.returncode != 0:
            raise SetupError(f"some {what} could not be removed: {removed.stderr.strip()}")
    say(f"  {what:<11} {len(found)} removed")


def remove_images() -> None:
    """Remove every image that carries our label or our base's name."""
    found = set(image_ids("--filter", OURS)) | set(image_ids(BASE_IMAGE))
    names = capture(
        ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", OURS]
    ).stdout.split()
    doomed = [name for name in names if "<none>" not in name]
    if image_ids(BASE_IMAGE):
        doomed.append(BASE_IMAGE)
    # Names first: an id that two names share cannot be removed while one is left.
    remove_by_reference(list(dict.fromkeys(doomed)))
    remove_by_reference(image_ids("--filter", OURS))
    say(f"  {'images':<11} {len(found)} removed")


def remove_by_reference(references: list[str]) -> None:
    """Remove images by name or id. Raises SetupError where the engine refuses."""
    if not references:
        return
    removed = capture(["docker", "rmi", "--force", *references], 300)
    if removed.returncode != 0:
        raise SetupError(f"some images could not be removed: {removed.stderr.strip()}")


def image_ids(*narrowing: str) -> list[str]:
    """The ids of the images that the engine lists, without repetition."""
    listed = capture(["docker", "images", "--all", "--quiet", "--no-trunc", *narrowing])
    return list(dict.fromkeys(listed.stdout.split()))


def remove_written_folders() -> None:
    """Remove what the verbs wrote inside the project."""
    present = [name for name in WRITTEN_FOLDERS if (ROOT / name).exists()]
    for name in present:
        shutil.rmtree(ROOT / name)
    say(f"  {'folders':<11} {', '.join(present) or 'none'} removed")


if __name__ == "__main__":
    run_main(main)
