"""`make env`: after its exports, unmodified clients work here and ask nobody else."""

import json
import os
import subprocess
import sys
from pathlib import Path

from scripts.commands import ROOT
from tests.support.emulator import Emulator
from tests.support.localstack import LocalStack

V2_PYTHON = ROOT / ".venv-sdk-v2" / "bin" / "python"
# Python tells an audit hook about every address that is looked up, in whatever library.
WATCHED = """
import json, sys
asked = set()
def note(event, arguments):
    if event == "socket.getaddrinfo":
        asked.add(str(arguments[0]))
sys.addaudithook(note)
"""
SDK_V3 = """
import boto3
from sagemaker.core.helper.iam_role_resolver import resolve_and_validate_role
from sagemaker.core.helper.session_helper import Session, get_execution_role
session = Session()
bucket = session.default_bucket()
session.upload_string_as_file_body("1", bucket, "key")
role = get_execution_role(session)
print(json.dumps({
    "account": session.account_id(),
    "bucket": bucket,
    "object": boto3.client("s3").get_object(Bucket=bucket, Key="key")["Body"].read().decode(),
    "role": role,
    "preflight": resolve_and_validate_role(None, "training", session),
    "models": boto3.client("sagemaker").list_models(NameContains="nobody-s-model")["Models"],
    "asked": sorted(asked),
}))
"""
SDK_V2 = """
import sagemaker
session = sagemaker.Session()
print(json.dumps({
    "account": session.account_id(),
    "bucket": session.default_bucket(),
    "role": sagemaker.get_execution_role(session),
    "asked": sorted(asked),
}))
"""


def in_a_shell(
    localstack: LocalStack, folder: Path, command: list[str], **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command after `eval "$(make -s env)"`, in a shell that knows nothing of AWS but the address."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAGEMAKER_"))}
    exports = [sys.executable, "-m", "scripts.shell_environment", "--folder", str(folder)]
    script = 'set -eu; exports="$("${@:2:$1}")"; eval "$exports"; exec "${@:$1+2}"'
    return subprocess.run(
        ["bash", "-c", script, "bash", str(len(exports)), *exports, *command],
        cwd=ROOT,
        env=clean | {"AWS_ENDPOINT_URL": localstack.endpoint_url} | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def told(outcome: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """The document in the last line."""
    assert outcome.returncode == 0, outcome.stderr
    document: dict[str, object] = json.loads(outcome.stdout.splitlines()[-1])
    return document


def test_the_sdk_v3_finds_bucket_account_and_role_and_asks_nobody_else(
    emulator: Emulator, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WATCHED + SDK_V3]

    seen = told(in_a_shell(emulator.localstack, tmp_path, command, SAGEMAKER_VALIDATE_ROLE="true"))

    assert seen == {
        "account": "000000000000",
        # The name that it has on AWS: sagemaker-<region>-<account>.
        "bucket": "sagemaker-us-east-1-000000000000",
        "object": "1",
        "role": "arn:aws:iam::000000000000:role/slipway",
        "preflight": "arn:aws:iam::000000000000:role/slipway",
        "models": [],
        "asked": ["127.0.0.1"],
    }


def test_so_does_the_sdk_v2(localstack: LocalStack, tmp_path: Path) -> None:
    assert V2_PYTHON.exists(), "the SDK v2 is not installed; `make test` does it"

    seen = told(in_a_shell(localstack, tmp_path, [str(V2_PYTHON), "-c", WATCHED + SDK_V2]))

    assert seen == {
        "account": "000000000000",
        "bucket": "sagemaker-us-east-1-000000000000",
        "role": "arn:aws:iam::000000000000:role/slipway",
        "asked": ["127.0.0.1"],
    }


def test_another_account_and_region_stay_what_they_are(emulator: Emulator, tmp_path: Path) -> None:
    program = (
        "import boto3; c = boto3.client('sagemaker');"
        "print(c.create_model_package_group(ModelPackageGroupName='g')['ModelPackageGroupArn'])"
    )

    outcome = in_a_shell(
        emulator.localstack,
        tmp_path,
        [sys.executable, "-c", program],
        AWS_ACCESS_KEY_ID="111122223333",
        AWS_DEFAULT_REGION="eu-west-1",
    )

    assert outcome.stdout.strip() == "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/g"


def test_a_second_time_in_the_same_shell_changes_credentials_alone(
    localstack: LocalStack, tmp_path: Path
) -> None:
    again = [sys.executable, "-m", "scripts.shell_environment", "--folder", str(tmp_path)]

    outcome = in_a_shell(localstack, tmp_path, ["bash", "-c", f"env; {' '.join(again)}"])

    assert outcome.returncode == 0, outcome.stderr
    lines = outcome.stdout.splitlines()
    first = {line for line in lines if line.startswith(("AWS_", "SAGEMAKER_"))}
    second = {line.removeprefix("export ") for line in lines if line.startswith("export ")}
    changed = {line.partition("=")[0] for line in first ^ second}
    assert changed == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}


def test_data_files_of_the_shell_are_still_found(localstack: LocalStack, tmp_path: Path) -> None:
    outcome = in_a_shell(
        localstack, tmp_path, ["bash", "-c", "echo $AWS_DATA_PATH"], AWS_DATA_PATH="/somebody/elses"
    )

    assert outcome.stdout.strip() == f"{tmp_path}/models:/somebody/elses"


def test_without_localstack_the_way_out_is_said(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "scripts.shell_environment", "--folder", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"AWS_ENDPOINT_URL": "http://localhost:1"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert outcome.returncode == 1
    # Nothing that a shell could take for exports.
    assert outcome.stdout == ""
    assert "nothing answers at http://127.0.0.1:1" in outcome.stderr
    assert "make up" in outcome.stderr
