"""Functions that really run: what Invoke answers, by Docker's and CloudWatch's account too."""

import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.functions import PROGRAM, Functions, archive

# Lambda's own texts (answers of python3.12's functions, recorded by others in November 2025).
TIMED_OUT = re.compile(r"RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds")
EXITED = "RequestId: {} Error: Runtime exited with error: {}"
TOO_LARGE = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."


@pytest.fixture
def functions(emulator: Emulator, lambda_image: str) -> Iterator[Functions]:
    made = Functions(emulator)
    yield made
    made.delete_all()


def told(functions: Functions, name: str, event: dict[str, Any]) -> tuple[str, str, str]:
    """What is answered of a function that fails: error, its type, its message without the request's id."""
    answer = functions.invoke(name, event)
    message = re.sub(r"RequestId: [0-9a-f-]{36}", "RequestId: {}", answer.json["errorMessage"])
    return str(answer.error), answer.json["errorType"], message


# -- what runs ----------------------------------------------------------------


def test_an_archive_runs_in_one_warm_container_non_root_with_what_lambda_defines(
    functions: Functions,
) -> None:
    name = functions.create(Environment={"Variables": {"CITY": "Lisbon"}}, MemorySize=256)

    first, second = functions.invoke(name), functions.invoke(name, {"any": 1})

    assert (first.status, first.error) == (200, None)
    assert [first.json["calls"], second.json["calls"]] == [1, 2]
    # Developer guide, "Defined runtime environment variables".
    expected = {
        "_HANDLER": "app.handler",
        "LAMBDA_TASK_ROOT": "/var/task",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "us-east-1",
        "CITY": "Lisbon",
    }
    assert expected.items() <= first.json["environment"].items()
    [container] = functions.containers(name)
    host = container.attrs["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 256 * 1024**2
    assert host["ReadonlyRootfs"] is True
    assert "no-new-privileges:true" in host["SecurityOpt"]


def test_only_tmp_can_be_written(functions: Functions) -> None:
    name = functions.create()

    written = {path: functions.invoke(name, {"write": path}).json for path in ("/tmp/x", "/var/task/x", "/x")}

    # The user is Lambda's own, sbx_user1051.
    assert written == {"/tmp/x": 993, "/var/task/x": "OSError", "/x": "OSError"}


def test_a_function_finds_aws_without_being_told_where(functions: Functions) -> None:
    name, bucket = functions.create(MemorySize=512, Timeout=30), functions.emulator.bucket

    answer = functions.invoke(name, {"put": [bucket, "by-a-function"]})

    assert (answer.error, answer.json) == (None, None)
    listed = functions.emulator.s3.list_objects_v2(Bucket=bucket, Prefix="by-a-function")
    assert [each["Key"] for each in listed["Contents"]] == ["by-a-function"]


def test_an_image_function_runs_under_its_own_entrypoint(functions: Functions, lambda_image: str) -> None:
    name = functions.create(PackageType="Image", Code={"ImageUri": lambda_image}, MemorySize=256)

    answer = functions.invoke(name, {"city": "Lisbon"})

    # Where nothing is said the image answers with its event (images/lambda_python/README.md).
    assert (answer.error, answer.json["event"]) == (None, {"city": "Lisbon"})
    assert (answer.json["function_name"], answer.json["memory_limit_in_mb"]) == (name, 256)


def test_image_config_says_what_an_image_runs(functions: Functions, lambda_image: str) -> None:
    program = "import awslambdaric.__main__ as m; m.main(['', 'json.dumps'])"
    name = functions.create(
        PackageType="Image",
        Code={"ImageUri": lambda_image},
        ImageConfig={"EntryPoint": ["python", "-c"], "Command": [program], "WorkingDirectory": "/tmp"},
    )

    error = functions.invoke(name, {"n": 1})

    # json.dumps(event, context) takes one argument: the error says what was called.
    assert error.json["errorType"] == "TypeError"
    assert "dumps()" in error.json["errorMessage"]


def test_code_comes_from_s3_too_in_the_version_that_is_named(functions: Functions) -> None:
    s3, bucket = functions.emulator.s3, functions.emulator.bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = [
        s3.put_object(
            Bucket=bucket, Key="code", Body=archive(PROGRAM.replace("VERSION = 1", f"VERSION = {n}"))
        )
        for n in (2, 3)
    ]
    code = {"S3Bucket": bucket, "S3Key": "code"}

    older = functions.create(Code={**code, "S3ObjectVersion": versions[0]["VersionId"]})
    newer = functions.create(Code=code)

    assert [functions.invoke(name).json["version"] for name in (older, newer)] == [2, 3]


# -- what fails ---------------------------------------------------------------


def test_an_exception_is_the_answer_and_the_container_goes_on(functions: Functions) -> None:
    name = functions.create()

    answer = functions.invoke(name, {"raise": "no good"})

    assert (answer.status, answer.error) == (200, "Unhandled")
    assert answer.json.keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (answer.json["errorType"], answer.json["errorMessage"]) == ("ValueError", "no good")
    assert "/var/task/app.py" in answer.json["stackTrace"][0]
    assert functions.invoke(name).json["calls"] == 2


@pytest.mark.parametrize("size", [100_000, 900_000])
def test_an_exception_may_say_a_lot(functions: Functions, size: int) -> None:
    """Its runtime tells it twice: in the body, and for tracing in a header of up to a megabyte."""
    name = functions.create(Timeout=30)

    answer = functions.invoke(name, {"raise": "x" * size})

    assert (answer.error, answer.json["errorType"]) == ("Unhandled", "ValueError")
    assert answer.json["errorMessage"] == "x" * size


def test_what_takes_too_long_is_killed_and_replaced(functions: Functions) -> None:
    name = functions.create(Timeout=1)

    answer = functions.invoke(name, {"sleep": 60})

    assert (answer.status, answer.error) == (200, "Unhandled")
    assert answer.json["errorType"] == "Sandbox.Timedout"
    assert TIMED_OUT.fullmatch(answer.json["errorMessage"])
    assert functions.invoke(name).json["calls"] == 1
    wait_until(lambda: len(functions.containers(name)) == 1 or None, "one container to be left")


@pytest.mark.parametrize(
    ("event", "how"),
    [
        ({"exit": 3}, "exit status 3"),
        ({"signal": int(signal.SIGKILL)}, "signal: killed"),
        ({"signal": int(signal.SIGSEGV)}, "signal: segmentation fault"),
        ({"allocate": 600 * 1024**2}, "signal: killed"),
    ],
    ids=lambda value: str(value),
)
def test_a_runtime_that_ends_is_told_with_how_it_ended(
    functions: Functions, event: dict[str, Any], how: str
) -> None:
    name = functions.create()

    assert told(functions, name, event) == ("Unhandled", "Runtime.ExitError", EXITED.format("{}", how))
    assert functions.invoke(name).json["calls"] == 1


def test_a_runtime_that_ends_without_a_reason_is_told_so(functions: Functions) -> None:
    name = functions.create()

    error = told(functions, name, {"exit": 0})

    text = "RequestId: {} Error: Runtime exited without providing a reason"
    assert error == ("Unhandled", "Runtime.ExitError", text)


def test_an_answer_of_six_megabytes_is_one_and_a_larger_one_is_an_error(functions: Functions) -> None:
    name = functions.create(MemorySize=512, Timeout=60)
    six_megabytes = 6 * 1024**2

    # Two quotation marks stand around the text.
    fits = functions.invoke(name, {"characters": six_megabytes - 2})
    too_large = [functions.invoke(name, {"characters": size}) for size in (six_megabytes + 100, 40 * 1024**2)]

    assert (fits.error, len(fits.body)) == (None, six_megabytes)
    for answer in too_large:
        assert (answer.error, answer.json) == (
            "Unhandled",
            {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": TOO_LARGE},
        )


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("missing.handler", "Runtime.ImportModuleError", "Unable to import module 'missing'"),
        ("app.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
    ],
)
def test_a_handler_that_is_not_there_is_the_answer(
    functions: Functions, handler: str, error_type: str, message: str
) -> None:
    name = functions.create(Handler=handler)

    answer = functions.invoke(name)

    assert (answer.error, answer.json["errorType"]) == ("Unhandled", error_type)
    assert answer.json["errorMessage"].startswith(message)


def test_an_image_without_such_a_program_is_the_answer(functions: Functions, lambda_image: str) -> None:
    name = functions.create(
        PackageType="Image", Code={"ImageUri": lambda_image}, ImageConfig={"EntryPoint": ["/no/such/program"]}
    )

    error, error_type, message = told(functions, name, {})

    assert (error, error_type) == ("Unhandled", "Runtime.InvalidEntrypoint")
    assert message == "RequestId: {} Error: exec of the entry point: exit status 127"
    assert any("/no/such/program" in line for line in functions.lines(name, "/no/such/program"))


def test_an_image_that_cannot_be_started_is_the_answer_and_leaves_no_container(
    functions: Functions, lambda_image: str
) -> None:
    name = functions.create(
        PackageType="Image",
        Code={"ImageUri": lambda_image},
        # No folder, and none can be made there.
        ImageConfig={"WorkingDirectory": "/proc/none"},
    )

    error, error_type, message = told(functions, name, {})

    assert (error, error_type) == ("Unhandled", "Runtime.InvalidEntrypoint")
    assert "/proc/none" in message
    assert functions.containers(name) == []


def test_an_event_above_six_megabytes_is_refused(functions: Functions) -> None:
    name = functions.create()

    with pytest.raises(ClientError) as refused:
        functions.invoke(name, "x" * 6 * 1024**2)

    assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


# -- containers ---------------------------------------------------------------


def test_invocations_at_a_time_have_a_container_each_and_those_are_taken_up_again(
    functions: Functions,
) -> None:
    name = functions.create()

    def at_once(event: dict[str, Any]) -> list[Any]:
        with ThreadPoolExecutor(3) as pool:
            return [each.json for each in pool.map(lambda _: functions.invoke(name, event), range(3))]

    at_once({"sleep": 1.5})
    first = {each.id for each in functions.containers(name)}
    at_once({"sleep": 0.5})

    assert len(first) == 3
    assert {each.id for each in functions.containers(name)} == first


def test_reserved_concurrency_throttles(functions: Functions) -> None:
    name = functions.create()
    functions.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    with pytest.raises(ClientError) as refused:
        functions.invoke(name)

    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    functions.client.delete_function_concurrency(FunctionName=name)
    assert functions.invoke(name).error is None


def test_new_code_and_new_configuration_run_in_new_containers(functions: Functions) -> None:
    name = functions.create()
    functions.invoke(name)
    [old] = functions.containers(name)

    functions.client.update_function_code(
        FunctionName=name, ZipFile=archive(PROGRAM.replace("VERSION = 1", "VERSION = 2"))
    )
    functions.client.get_waiter("function_updated_v2").wait(FunctionName=name)
    recoded = functions.invoke(name)
    functions.client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"CITY": "Porto"}}
    )
    functions.client.get_waiter("function_updated_v2").wait(FunctionName=name)
    reconfigured = functions.invoke(name)

    assert (recoded.json["version"], recoded.json["calls"]) == (2, 1)
    assert (reconfigured.json["version"], reconfigured.json["environment"]["CITY"]) == (2, "Porto")

    def only_one() -> Any:
        left = functions.containers(name)
        return left if len(left) == 1 else None

    [new] = wait_until(only_one, "the older containers to go")
    assert new.id != old.id


def test_a_deleted_function_leaves_neither_container_nor_file(functions: Functions) -> None:
    name = functions.create()
    functions.invoke(name)
    arn = functions.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]

    functions.client.delete_function(FunctionName=name)

    wait_until(lambda: functions.containers_of(arn) == [] or None, "its containers to go")
    listing = ["find", "/var/lib/slipway/jobs/function", "-name", f"*{name}*"]
    wait_until(
        lambda: functions.emulator.container.exec_run(listing).output == b"" or None, "its files to go"
    )


def test_a_container_that_is_idle_for_long_goes(
    emulator_with: Callable[..., Emulator], lambda_image: str
) -> None:
    functions = Functions(emulator_with(SLIPWAY_FUNCTION_IDLE_SECONDS="1"))
    name = functions.create()
    functions.invoke(name)

    wait_until(lambda: functions.containers(name) == [] or None, "the idle container to go")

    assert functions.invoke(name).json["calls"] == 1


def test_there_are_never_more_containers_than_the_machine_is_to_have(
    emulator_with: Callable[..., Emulator], lambda_image: str
) -> None:
    functions = Functions(emulator_with(SLIPWAY_MAX_FUNCTION_CONTAINERS="1"))
    first, second = functions.create(), functions.create()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda name: functions.invoke(name, {"sleep": 0.5}), (first, second)))

    assert [answer.error for answer in answers] == [None, None]
    running = [
        each for name in (first, second) for each in functions.containers(name) if each.status == "running"
    ]
    assert len(running) <= 1


def test_a_killed_emulator_finds_its_functions_and_leaves_no_orphan(
    emulator_with: Callable[..., Emulator], lambda_image: str
) -> None:
    functions = Functions(emulator_with())
    name = functions.create()
    functions.invoke(name)
    [orphan] = functions.containers(name)

    functions.emulator.kill()
    functions.emulator.restart()

    assert functions.invoke(name).json["calls"] == 1
    assert orphan.id not in {each.id for each in functions.containers(name)}
