"""`make down` and `make purge`: what is ours goes, found by its label, and nothing else."""

import argparse
import shutil
from pathlib import Path

from scripts.base_image import BASE_IMAGE
from scripts.commands import ROOT, SetupError, capture, run_main, say
from scripts.engine import engine_state, refuse_without_permission

OURS = "label=slipway=1"
# A container has its image's labels. This one starts others as long as it runs.
CONTROL_PLANE = "label=org.opencontainers.image.title=emulator"
REMOVAL = ["rm", "--force", "--volumes"]
# Everything that the verbs write inside the project.
WRITTEN_FOLDERS = (
    *(".venv", ".venv-sdk-v2", ".venv-awscli", ".state", "build"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
)


def main() -> int:
    """Remove containers and networks; with `purge` all the rest of ours too."""
    parser = argparse.ArgumentParser(prog="make down", description=__doc__)
    parser.add_argument("command", choices=["down", "purge"])
    command = parser.parse_args().command
    engine = engine_state()
    refuse_without_permission(engine)
    if engine.engine is not None:
        remove("emulators", ["ps", "--all", "--quiet", "--filter", CONTROL_PLANE], REMOVAL)
        # The containers of jobs and endpoints are among these.
        remove("containers", ["ps", "--all", "--quiet"], REMOVAL)
        remove("networks", ["network", "ls", "--quiet"], ["network", "rm"])
        if command == "purge":
            remove("volumes", ["volume", "ls", "--quiet"], ["volume", "rm"])
            remove_images()
    else:
        say(f"  nothing of ours in Docker is removed, for it does not answer: {engine.complaint}")
    if command == "purge":
        remove_written_folders(ROOT)
        say("  Docker itself and its build cache stay: others may use them (docker builder prune empties it)")
    return 0


def remove(what: str, listing: list[str], removal: list[str]) -> None:
    """Remove everything that `listing` finds under our label.

    Raises SetupError where something of ours could not be removed.
    """
    found = listed(*listing, "--filter", OURS)
    if found:
        removed = capture(["docker", *removal, *found], 120)
        if removed.returncode != 0:
            raise SetupError(f"some {what} could not be removed: {removed.stderr.strip()}")
    say(f"  {what:<11} {len(found)} removed")


def listed(*listing: str) -> list[str]:
    """What a listing of docker says, word by word. Raises SetupError where it says nothing at all."""
    answer = capture(["docker", *listing])
    if answer.returncode != 0:
        raise SetupError(f"`docker {' '.join(listing)}` failed: {answer.stderr.strip()}")
    return answer.stdout.split()


def remove_images() -> None:
    """Remove every image that carries our label or our base's name."""
    found = set(image_ids("--filter", OURS)) | set(image_ids(BASE_IMAGE))
    names = listed("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", OURS)
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
    return list(dict.fromkeys(listed("images", "--all", "--quiet", "--no-trunc", *narrowing)))


def remove_written_folders(root: Path) -> None:
    """Remove what the verbs wrote inside the project at `root`; of a link only the link.

    Raises SetupError where a file belongs to somebody else.
    """
    present = [name for name in WRITTEN_FOLDERS if (root / name).exists() or (root / name).is_symlink()]
    for name in present:
        try:
            if (root / name).is_symlink():
                (root / name).unlink()
            else:
                shutil.rmtree(root / name)
        except OSError as error:
            raise SetupError(
                f"{name} cannot be removed: {error}\n"
                "  A container that ran as root may have left files there; run: sudo make purge"
            ) from error
    say(f"  {'folders':<11} {', '.join(present) or 'none'} removed")


if __name__ == "__main__":
    run_main(main)
