"""Which image reference each of a project's image names means now."""

from orchestration.errors import OrchestrationError
from orchestration.project import Project
from orchestration.settings import Settings
from scripts.images import Build, image_names


def references(project: Project, settings: Settings) -> dict[str, str]:
    """Image name to reference: SLIPWAY_IMAGE_<NAME> where it is set, else that of the present files' image.

    The name says nothing of whether the image has been built: who runs it finds it, or says so.
    Raises OrchestrationError for a name that is no image.
    """
    return {name: settings.image_of(name) or _reference(name) for name in names(project)}


def names(project: Project) -> list[str]:
    """The images that the project uses, of which one watches where anything is watched."""
    found = [project.images.processing, project.images.training]
    if project.monitoring is not None and project.images.monitoring is not None:
        found.append(project.images.monitoring)
    return found


def _reference(name: str) -> str:
    if name not in image_names():
        raise OrchestrationError(f"no image is called {name}; there are: {', '.join(image_names())}.")
    return Build(name).reference
