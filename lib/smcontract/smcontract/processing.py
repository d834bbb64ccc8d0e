"""What a processing job is told: its own request, and its hosts."""

from smcontract.configuration import ResourceConfig, read_json_object, read_resource_config_file
from smcontract.root import ContainerRoot


def read_processing_job_config(root: ContainerRoot) -> dict[str, object]:
    """The CreateProcessingJob request; empty where the container was started by hand."""
    return read_json_object(root.processing_job_config_file)


def read_resource_config(root: ContainerRoot) -> ResourceConfig:
    """The hosts of this processing job; a single one where nothing is said."""
    return read_resource_config_file(root.processing_resource_config_file)
