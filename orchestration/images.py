"""Which image reference each of a project's image names means now."""

from orchestration.project import Project
from orchestration.settings import Settings
from scripts.images import reference


def references(project: Project, settings: Settings) -> dict[str, str]:
    """Image name to reference: SLIPWAY_IMAGE_<NAME> where it is set, else the image of the present files."""
    names = (project.images.processing, project.images.training)
    return {name: settings.image_of(name) or reference(name) for name in names}
