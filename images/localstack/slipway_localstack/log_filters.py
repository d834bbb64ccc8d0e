"""Lines that LocalStack logs and nobody can act on; they stay out of the container's log."""

import logging

from localstack import config
from localstack.runtime import hooks

# By logger; what is said after these words differs.
POINTLESS = {
    # Every creation of every secret.
    "localstack.aws.protocol.serializer": "Response object %s contains a member which is not specified",
    # The engine is 4.14's default; nobody opted in.
    "localstack.services.cloudformation.v2.provider": "You have opted in to the new CloudFormation",
    # Every transition of every state machine where no rule listens.
    "localstack.services.events.provider": '{"InfoCode": "InternalInfoEvents at process_rules"',
    # Half a second for a service's first call is as it should be.
    "localstack.utils.bootstrap": 'Execution of "%s" took',
}
CALL_CHAIN = "localstack.aws.handlers.logging"


def says_something(record: logging.LogRecord) -> bool:
    """Whether a line is worth a reader's time."""
    return not str(record.msg).startswith(POINTLESS[record.name])


def is_no_refusal(record: logging.LogRecord) -> bool:
    """Whether a failed call failed by accident; what is not there is told by the line that follows."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return not any(isinstance(argument, NotImplementedError) for argument in arguments)


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def leave_out_noise() -> None:
    """Filter the loggers at their source; with DEBUG=1 everything is wanted."""
    if config.DEBUG:
        return
    for name in POINTLESS:
        logging.getLogger(name).addFilter(says_something)
    logging.getLogger(CALL_CHAIN).addFilter(is_no_refusal)
