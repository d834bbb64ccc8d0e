"""`make env`: exports that make a shell's AWS clients and SageMaker SDKs work here, and only here.

    eval "$(make -s env)"

The SageMaker SDKs ask https://sts.REGION.amazonaws.com who is calling, whatever
AWS_ENDPOINT_URL says. botocore takes a service's addresses from data files and
looks for those in AWS_DATA_PATH first, so one file there sends STS to where
everything else is. The credentials are those of a role that SageMaker may
assume, so that get_execution_role() finds one, as on an instance of AWS.
"""

import argparse
import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from scripts.commands import ROOT, SetupError, run_main, say
from scripts.local_aws import AwsError, LocalAws

ROLE = "slipway"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
IAM_VERSION, STS_VERSION = "2010-05-08", "2011-06-15"
# The longest that AssumeRole grants; LocalStack does not look at it.
SESSION_SECONDS = 43_200
# Calls are not reported to AWS. Everything else is as without a file.
SDK_CONFIG = """SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
"""


def exports(aws: LocalAws, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables, whose files are written into `folder`. Raises SetupError."""
    config = folder / "sagemaker.yaml"
    models = folder / "models"
    addresses = models / "sts" / STS_VERSION / "endpoint-rule-set-1.json"
    addresses.parent.mkdir(parents=True, exist_ok=True)
    addresses.write_text(json.dumps(always(aws.endpoint_url), indent=2) + "\n", encoding="utf-8")
    config.write_text(SDK_CONFIG, encoding="utf-8")
    others = [path for path in environ.get("AWS_DATA_PATH", "").split(os.pathsep) if path]
    return {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        **credentials(aws),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DATA_PATH": os.pathsep.join([str(models), *(path for path in others if path != str(models))]),
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config),
        # A role of another account, as in a pipeline that is made for it, need not exist here.
        "SAGEMAKER_VALIDATE_ROLE": "false",
    }


def credentials(aws: LocalAws) -> dict[str, str]:
    """Credentials of the role, which is made where it is not there."""
    try:
        aws.query(
            "iam",
            "CreateRole",
            IAM_VERSION,
            RoleName=ROLE,
            AssumeRolePolicyDocument=json.dumps(TRUST),
        )
    except AwsError as error:
        if error.code != "EntityAlreadyExists":
            raise
    account_id = aws.query("sts", "GetCallerIdentity", STS_VERSION)["Account"]
    assumed = aws.query(
        "sts",
        "AssumeRole",
        STS_VERSION,
        RoleArn=f"arn:aws:iam::{account_id}:role/{ROLE}",
        RoleSessionName="make-env",
        DurationSeconds=str(SESSION_SECONDS),
    )
    return {
        "AWS_ACCESS_KEY_ID": assumed["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": assumed["SecretAccessKey"],
        "AWS_SESSION_TOKEN": assumed["SessionToken"],
    }


def always(endpoint_url: str) -> dict[str, object]:
    """botocore's rules for a service that is at one address, whatever it is asked."""

    def parameter(built_in: str, kind: str, **more: object) -> dict[str, object]:
        return {"builtIn": built_in, "required": bool(more), "documentation": "", "type": kind, **more}

    return {
        "version": "1.0",
        "parameters": {
            "Region": parameter("AWS::Region", "String"),
            "UseDualStack": parameter("AWS::UseDualStack", "Boolean", default=False),
            "UseFIPS": parameter("AWS::UseFIPS", "Boolean", default=False),
            "Endpoint": parameter("SDK::Endpoint", "String"),
            "UseGlobalEndpoint": parameter("AWS::STS::UseGlobalEndpoint", "Boolean", default=False),
        },
        "rules": [
            {
                "conditions": [],
                "endpoint": {"url": endpoint_url, "properties": {}, "headers": {}},
                "type": "endpoint",
            }
        ],
    }


def main() -> int:
    """Print the exports."""
    parser = argparse.ArgumentParser(prog="make env", description="Exports for a shell.")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "env", help="where files are kept")
    arguments = parser.parse_args()
    try:
        variables = exports(LocalAws.from_environ(), arguments.folder.resolve(), os.environ)
    except AwsError as error:
        raise SetupError(f"LocalStack refuses: {error}") from error
    # A profile would be asked for credentials first.
    say("unset AWS_PROFILE")
    for name, value in variables.items():
        say(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    run_main(main)
