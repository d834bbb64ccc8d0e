"""What the person at the terminal can mend."""


class OrchestrationError(Exception):
    """A refusal in plain words: it names the thing and the way out. Printed without a traceback."""


class ProjectError(OrchestrationError):
    """A project file that cannot be used."""


class DataError(OrchestrationError):
    """Data that is not there, or is not what it should be."""


class PipelineError(OrchestrationError):
    """A pipeline that is refused, or an execution that ended Failed; the message is its own reason."""


class EndpointError(OrchestrationError):
    """An endpoint that did not come up, or answered wrongly."""


class RegistryError(OrchestrationError):
    """A version that cannot be decided about."""


class FeatureGroupError(OrchestrationError):
    """A feature group that is not there, or that must stay."""


class QueryError(OrchestrationError):
    """A query that did not succeed; the message is Athena's own reason."""


class TrainingSetError(OrchestrationError):
    """Entities or feature groups that no training set can be made of."""


class DeploymentError(OrchestrationError):
    """An approved version that nobody deployed, or a deployment that failed."""


class ApiError(OrchestrationError):
    """An inference API that does not answer, or refuses; the message is its own reason."""


class DriftError(OrchestrationError):
    """A drill that cannot be carried out, or that ended in something else than it should."""


class MonitoringError(OrchestrationError):
    """A project that cannot be watched yet, or a monitor that failed for no lack of data."""
