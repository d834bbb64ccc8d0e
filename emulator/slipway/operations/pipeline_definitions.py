"""Where a request's pipeline definition is, and whether it could be carried out."""

from collections.abc import Callable

from slipway.errors import ValidationException
from slipway.operations.step_arguments import StepArguments
from slipway.pipelines.definition import Definition, DefinitionError, read_definition
from slipway.protocol.call import Call
from slipway.resources.document import Document
from slipway.resources.resource import Owner

# Owner, bucket, key and version of an object, to its content. Raises ServiceError.
ReadObject = Callable[[Owner, str, str, str | None], bytes]

# How AWS's texts on definitions begin (sagemaker-python-sdk, issues 2345, 3908 and 4994).
UNREADABLE = "Unable to parse pipeline definition."


def parsed(text: str) -> Definition:
    """The definition in `text`. Raises ValidationException where it could not be carried out."""
    try:
        return read_definition(text)
    except DefinitionError as error:
        raise unreadable(str(error)) from None


def given_definition(call: Call, read_object: ReadObject, step_arguments: StepArguments) -> str | None:
    """The definition that a request holds or points at, which could be carried out; None where it has none.

    Raises ValidationException.
    """
    text: str | None = call.parameters.get("PipelineDefinition")
    location = call.parameters.get("PipelineDefinitionS3Location")
    if location is not None:
        if text is not None:
            # As moto has it.
            raise ValidationException(
                "Both Pipeline Definition and Pipeline Definition S3 Location shouldn't be present"
            )
        text = _stored_definition(call.owner, location, read_object)
    if text is not None:
        step_arguments.check(parsed(text))
    return text


def _stored_definition(owner: Owner, location: Document, read_object: ReadObject) -> str:
    bucket, key = location["Bucket"], location["ObjectKey"]
    content = read_object(owner, bucket, key, location.get("VersionId"))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise unreadable(f"s3://{bucket}/{key} is not written in UTF-8: {error.reason}") from None


def unreadable(reason: str) -> ValidationException:
    """The refusal of a definition; `reason` is a sentence without its capital and its full stop."""
    return ValidationException(f"{UNREADABLE} {reason[:1].upper()}{reason[1:]}.")
