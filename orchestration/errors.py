"""What the person at the terminal can mend."""


class OrchestrationError(Exception):
    """A refusal in plain words: it names the thing and the way out. Printed without a traceback."""


class ProjectError(OrchestrationError):
    """A project file that cannot be used."""


class DataError(OrchestrationError):
    """Data that is not there, or is not what it should be."""


class PipelineError(OrchestrationError):
    """A pipeline execution that ended Failed; the message is the container's own reason."""


class EndpointError(OrchestrationError):
    """An endpoint that did not come up, or answered wrongly."""
