"""What jobs of an earlier process left: containers, networks and folders that nobody will ask for again."""

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from slipway.containers.engine import Engine
from slipway.resources.resource import ARN_FORMS, Kind

log = logging.getLogger(__name__)


def reap(
    engine: Engine, jobs_dir: Path, kind: Kind, wanted_arns: Collection[str], wanted: Collection[str]
) -> int:
    """Remove what belongs to no wanted resource of `kind`; returns of how many.

    `wanted` are the names of the folders to keep below `<jobs_dir>/<kind>`.
    """
    reaped = 0
    _, form = ARN_FORMS.get(kind, ("sagemaker", f"{kind.value}/"))
    for arn in sorted(engine.resource_arns()):
        if f":{form}" in arn and arn not in wanted_arns:
            log.info("reaper.containers arn=%s", arn)
            for container in engine.of_resource(arn):
                engine.remove(container.container_id)
            engine.remove_networks_of(arn)
            reaped += 1
    folder = jobs_dir / kind.value
    for left in sorted(folder.iterdir()) if folder.is_dir() else ():
        if left.name not in wanted:
            log.info("reaper.folder path=%s", left)
            shutil.rmtree(left, ignore_errors=True)
            reaped += 1
    return reaped
