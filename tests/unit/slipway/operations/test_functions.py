"""Functions as boto3 sees them."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.support.function_records import ARN, IMAGE, IMAGE_ID, PROGRAM, FunctionRecords, key_of, refused
from tests.support.functions import ROLE, archive


@pytest.fixture
def records(tmp_path: Path) -> FunctionRecords:
    return FunctionRecords(tmp_path)


def told(configuration: Any) -> dict[str, Any]:
    """What is told of a function, without what is new every time."""
    new = ("ResponseMetadata", "RevisionId", "LastModified")
    return {name: value for name, value in configuration.items() if name not in new}


# The members and defaults are those of recorded answers of CreateFunction (python3.12, November 2025).
PENDING = {
    "FunctionName": "greet",
    "FunctionArn": f"{ARN}greet",
    "Runtime": "python3.13",
    "Role": ROLE,
    "Handler": "app.handler",
    "CodeSize": len(PROGRAM),
    "CodeSha256": base64.b64encode(hashlib.sha256(PROGRAM).digest()).decode(),
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Version": "$LATEST",
    "TracingConfig": {"Mode": "PassThrough"},
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/greet"},
}
ACTIVE = {
    **{name: value for name, value in PENDING.items() if not name.startswith("State")},
    "State": "Active",
    "LastUpdateStatus": "Successful",
}


def test_a_function_is_pending_until_its_code_is_there(records: FunctionRecords) -> None:
    created = records.create()
    records.carry_out()

    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert told(created) == PENDING
    got = records.client.get_function(FunctionName="greet")
    assert told(got["Configuration"]) == ACTIVE
    assert got["Code"] == {"RepositoryType": "S3"}
    assert got["Configuration"]["LastModified"] == "2023-11-14T22:13:20.000+0000"


def test_an_image_is_shown_with_its_digest_and_what_it_is_to_run(records: FunctionRecords) -> None:
    function = records.created(
        Runtime=None,
        Handler=None,
        PackageType="Image",
        Code={"ImageUri": IMAGE},
        ImageConfig={"Command": ["app.handler"], "EntryPoint": []},
    )

    shown = function["Configuration"]
    assert shown["CodeSha256"] == IMAGE_ID.removeprefix("sha256:")
    assert (shown["CodeSize"], shown["PackageType"]) == (0, "Image")
    assert shown["ImageConfigResponse"] == {"ImageConfig": {"Command": ["app.handler"]}}
    assert "Runtime" not in shown
    assert function["Code"]["ImageUri"] == IMAGE


def test_the_sdks_empty_members_ask_for_nothing(records: FunctionRecords) -> None:
    """sagemaker.lambda_helper.Lambda sends them, whatever it was given."""
    function = records.created(VpcConfig={}, Environment={}, Layers=[])

    assert told(function["Configuration"]) == {**ACTIVE, "Environment": {}}


def test_a_name_is_given_once(records: FunctionRecords) -> None:
    records.created()

    with refused("ResourceConflictException", "Function already exist: greet", 409):
        records.create()


@pytest.mark.parametrize(
    "name", ["greet", f"{ARN}greet", "123456789012:function:greet", "function:greet", "greet:$LATEST"]
)
def test_a_function_is_found_by_every_form_of_its_name(records: FunctionRecords, name: str) -> None:
    records.created()

    assert records.client.get_function_configuration(FunctionName=name)["FunctionName"] == "greet"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", f"Function not found: {ARN}absent"),
        ("absent:7", f"Function not found: {ARN}absent:7"),
        ("GREET", f"Function not found: {ARN}GREET"),
        ("greet:7", f"Function not found: {ARN}greet:7"),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:greet",
            "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')",
        ),
        (
            "arn:aws:lambda:eu-west-1:999999999999:function:greet",
            "Function not found: arn:aws:lambda:eu-west-1:999999999999:function:greet",
        ),
    ],
)
def test_what_is_not_there_is_named(records: FunctionRecords, name: str, message: str) -> None:
    records.created()

    with refused("ResourceNotFoundException", message, 404):
        records.client.get_function(FunctionName=name)


NOT_HERE = "is not implemented by Slipway's control plane; …"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Code": {}}, "Please provide a source for function code."),
        (
            {"Runtime": None},
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ),
        ({"Runtime": "nodejs22.x"}, f"Runtime nodejs22.x {NOT_HERE}"),
        ({"Layers": [f"{ARN[:-9]}layer:any:1"]}, f"Layers {NOT_HERE}"),
        ({"Publish": True}, f"Publish {NOT_HERE}"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, f"SnapStart {NOT_HERE}"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, f"LogFormat JSON {NOT_HERE}"),
        ({"PackageType": "Image", "Code": {"ImageUri": IMAGE}}, "Runtime and Handler cannot be given for …"),
        ({"Code": {"ImageUri": IMAGE}}, "Please provide ZipFile, or S3Bucket and S3Key when updating or …"),
        (
            {"Runtime": None, "Handler": None, "PackageType": "Image", "Code": {"ImageUri": "absent:1"}},
            "Source image absent:1 does not exist.",
        ),
        (
            {"Code": {"ZipFile": b"no archive"}},
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x", "CITY": "Lisbon"}}},
            "Lambda was unable to configure your environment variables because the environment variables "
            "you have provided contains reserved keys that are currently not supported for modification. "
            "Reserved keys used in this request: AWS_REGION",
        ),
        ({"Environment": {"Variables": {"BIG": "x" * 4096}}}, "Lambda was unable to configure your …"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_carried_out_is_refused(
    records: FunctionRecords, members: dict[str, Any], message: str
) -> None:
    with refused("InvalidParameterValueException", message, 400):
        records.create(**members)

    assert records.client.list_functions()["Functions"] == []


def test_new_code_runs_when_it_is_there_and_old_code_until_then(records: FunctionRecords) -> None:
    before = records.created()["Configuration"]
    new = archive("def handler(event, context): return 2")

    updating = records.client.update_function_code(FunctionName="greet", ZipFile=new)
    records.client.invoke(FunctionName="greet")
    records.carry_out()
    records.client.invoke(FunctionName="greet")

    assert updating["CodeSha256"] != before["CodeSha256"]
    assert (updating["State"], updating["LastUpdateStatus"]) == ("Active", "InProgress")
    ran = [function.code.sha256 for function, _, _ in records.invoker.asked]
    assert ran == [before["CodeSha256"], updating["CodeSha256"]]
    folders = list((records.folder / "function" / "123456789012-eu-west-1-greet" / "code").iterdir())
    assert [folder.name for folder in folders] == [hashlib.sha256(new).hexdigest()]


def test_a_changed_configuration_replaces_what_it_names_and_nothing_else(records: FunctionRecords) -> None:
    before = records.created(Timeout=7, Environment={"Variables": {"CITY": "Lisbon"}})["Configuration"]

    records.client.update_function_configuration(FunctionName="greet", MemorySize=512, Description="hello")
    records.carry_out()

    after = records.client.get_function_configuration(FunctionName="greet")
    assert told(after) == {**told(before), "MemorySize": 512, "Description": "hello"}
    assert records.retired[-1] == (key_of("greet"), after["RevisionId"])


def test_an_update_waits_for_the_one_before(records: FunctionRecords) -> None:
    records.created()
    records.client.update_function_configuration(FunctionName="greet", Timeout=9)

    message = (
        f"The operation cannot be performed at this time. An update is in progress for resource: {ARN}greet"
    )
    with refused("ResourceConflictException", message, 409):
        records.client.update_function_configuration(FunctionName="greet", Timeout=10)


def test_an_update_of_another_revision_than_the_last_is_refused(records: FunctionRecords) -> None:
    records.created()

    with refused("PreconditionFailedException", "The Revision Id provided does not match the latest …", 412):
        records.client.update_function_configuration(FunctionName="greet", Timeout=9, RevisionId="another")


def test_a_deleted_function_is_gone_with_its_files(records: FunctionRecords) -> None:
    records.created()

    records.client.delete_function(FunctionName="greet")
    records.carry_out()

    assert records.client.list_functions()["Functions"] == []
    assert not (records.folder / "function" / "123456789012-eu-west-1-greet").exists()


def test_files_of_a_function_whose_name_is_taken_again_at_once_stay(records: FunctionRecords) -> None:
    records.created()

    records.client.delete_function(FunctionName="greet")
    # Between the look at the row that is gone and the removal of its files.
    records.meanwhile = lambda: records.create() if len(records.retired) == 2 else None
    records.carry_out()

    assert len(records.retired) == 3
    assert records.client.get_function(FunctionName="greet")["Configuration"]["State"] == "Active"


def test_lists_come_in_pages_by_name(records: FunctionRecords) -> None:
    for name in ("c", "a", "b"):
        records.create(name)

    pages = list(records.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))

    assert [[each["FunctionName"] for each in page["Functions"]] for page in pages] == [["a", "b"], ["c"]]
    with refused("InvalidParameterValueException", "Invalid Marker: it is none that ListFunctions …"):
        records.client.list_functions(Marker="any")
