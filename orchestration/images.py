"""Which image reference each of a project's image names means now."""

from orchestration.errors import OrchestrationError
from orchestration.project import Project
from orchestration.settings import Settings
from scripts.commands import SetupError
from scripts.images import reference


def references(project: Project, settings: Settings) -> dict[str, str]:
    """Image name to reference: SLIPWAY_IMAGE_<NAME> where it is set, else the image of the present files.

    Raises OrchestrationError where an image has not been built.
    """
    names = (project.images.processing, project.images.training)
    try:
        return {name: settings.image_of(name) or reference(name) for name in names}
    except SetupError as error:
        raise OrchestrationError(str(error)) from error
