"""What Lambda checks of a function beyond the model; the texts are AWS's where they are known."""

import re
from collections.abc import Iterable

from slipway.errors import FunctionParameterError
from slipway.resources.document import Document

# Developer guide, "Lambda quotas".
LARGEST_ENVIRONMENT_BYTES = 4096
PYTHON = re.compile(r"python3\.\d+")
# Developer guide, "Defined runtime environment variables": those that a function cannot set.
RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
# What AWS carries out and we do not, by the member that asks for it; an empty one asks for nothing.
NOT_HERE = {
    "Layers": "put what they hold into the function's own archive or image",
    "FileSystemConfigs": "read from S3",
    "CodeSigningConfigArn": "leave it out",
    "CapacityProviderConfig": "leave it out",
    "DurableConfig": "leave it out",
    "TenancyConfig": "leave it out",
    "Publish": "invoke $LATEST, which is the only version here",
    "PublishTo": "invoke $LATEST, which is the only version here",
}


def check_creation(parameters: Document) -> None:
    """Refuse a CreateFunction that cannot be carried out. Raises FunctionParameterError."""
    if parameters.get("PackageType") == "Image":
        given = [name for name in ("Runtime", "Handler") if parameters.get(name)]
        if given:
            raise FunctionParameterError(
                f"{' and '.join(given)} cannot be given for a function with the package type Image."
            )
    else:
        if not parameters.get("Runtime") or not parameters.get("Handler"):
            raise FunctionParameterError(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
        if parameters.get("ImageConfig"):
            raise FunctionParameterError("ImageConfig is for functions with the package type Image.")
    check_configuration(parameters)


def check_configuration(parameters: Document) -> None:
    """Refuse a configuration that nothing here can run under. Raises FunctionParameterError."""
    for member, way_out in NOT_HERE.items():
        if parameters.get(member):
            raise _not_here(member, way_out)
    if (parameters.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        raise _not_here("SnapStart", "leave it out; it changes no answer")
    if (parameters.get("LoggingConfig") or {}).get("LogFormat") == "JSON":
        raise _not_here("LogFormat JSON", "use Text")
    runtime = parameters.get("Runtime")
    if runtime and not PYTHON.fullmatch(runtime):
        raise _not_here(
            f"Runtime {runtime}",
            "use python3.13, or an image with PackageType Image, which may be in any language",
        )
    _check_environment((parameters.get("Environment") or {}).get("Variables") or {})


def check_code(code: Document, is_image: bool) -> None:
    """Refuse code of which it is not clear where it is. Raises FunctionParameterError."""
    has_object = bool(code.get("S3Bucket") and code.get("S3Key"))
    given = [bool(code.get("ZipFile")), has_object, bool(code.get("ImageUri"))]
    if not any(given):
        raise FunctionParameterError("Please provide a source for function code.")
    if sum(given) > 1:
        raise FunctionParameterError(
            "Please do not provide other FunctionCode parameters when providing one source."
        )
    if is_image is not bool(code.get("ImageUri")):
        wanted, form = ("ImageUri", "Image") if is_image else ("ZipFile, or S3Bucket and S3Key", "Zip")
        raise FunctionParameterError(
            f"Please provide {wanted} when updating or creating a function with packageType {form}."
        )


def _check_environment(variables: dict[str, str]) -> None:
    reserved = _in_order(variables, RESERVED)
    if reserved:
        raise FunctionParameterError(
            "Lambda was unable to configure your environment variables because the environment variables "
            "you have provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > LARGEST_ENVIRONMENT_BYTES:
        raise FunctionParameterError(
            "Lambda was unable to configure your environment variables because the environment variables "
            f"you have provided exceeded the {LARGEST_ENVIRONMENT_BYTES // 1024}KB limit; they have {size}."
        )


def _in_order(names: Iterable[str], wanted: frozenset[str]) -> list[str]:
    return [name for name in names if name in wanted]


def _not_here(what: str, way_out: str) -> FunctionParameterError:
    return FunctionParameterError(f"{what} is not implemented by Slipway's control plane; {way_out}.")
