"""Images of SageMaker's own: what a project template's pipeline is told of the ones that it asks for."""

from pathlib import Path

import pytest
from slipway.operations.studio_images import StudioImages

from tests.support.control_plane import ControlPlane


def test_a_template_learns_that_its_project_has_built_no_image(tmp_path: Path) -> None:
    sagemaker = ControlPlane(tmp_path, lambda _store: StudioImages().operations).client()

    # What pipeline.py of the templates catches before it takes a public image.
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match="'project-training' does not exist"):
        sagemaker.describe_image_version(ImageName="project-training")
