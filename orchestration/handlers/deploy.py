"""Keeps an endpoint at the newest Approved version of a model package group.

EventBridge calls it when a version is approved or rejected, and when the
endpoint has come into service. What it does follows from what there is and not
from the event, so events that come twice, late or out of order do no harm:
approving deploys, rejecting what serves rolls back, and a decision that came
while the endpoint was changing is carried out when it has changed.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import ClientError

Document = dict[str, Any]

ENDPOINT_EVENT = "SageMaker Endpoint State Change"
CHANGING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
VARIANT = "AllTraffic"
# How names are listed: the operation, the answer's member, the item's.
ENDPOINT_CONFIGS = ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName")
MODELS = ("list_models", "Models", "ModelName")
# DeleteEndpoint takes the machines away, which the next endpoint of that name has to wait for.
DELETED_SECONDS = 40.0
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Settings:
    """What the function's own configuration says."""

    endpoint_name: str
    model_package_group_name: str
    role_arn: str
    data_capture_uri: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises KeyError with the name of a variable that is missing."""
        return cls(
            environ["ENDPOINT_NAME"],
            environ["MODEL_PACKAGE_GROUP_NAME"],
            environ["ROLE_ARN"],
            environ["DATA_CAPTURE_URI"],
        )


class EndpointIsChanging(Exception):  # noqa: N818
    """The endpoint cannot be changed now, and no event will say when it can: to be tried again."""


def handler(event: Document, _context: object) -> Document:
    """The entry point: what was done and why, which is also the line in the log."""
    deployer = Deployer(boto3.client("sagemaker"), Settings.from_environ(os.environ))
    outcome = deployer.reconcile(is_decision=event.get("detail-type") != ENDPOINT_EVENT)
    print(f"deploy.{outcome['action']} {json.dumps(outcome)}", flush=True)
    return outcome


class Deployer:
    """Brings one endpoint to where it should be."""

    def __init__(
        self, sagemaker: Any, settings: Settings, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._sagemaker = sagemaker
        self._settings = settings
        self._wait = wait

    def reconcile(self, is_decision: bool) -> Document:
        """Compare what serves with what should, and act on the difference.

        Where nobody has just decided, an endpoint that is gone stays gone, and a
        version that the endpoint refused is not tried again.
        Raises EndpointIsChanging.
        """
        package = self._newest_approved()
        endpoint = self._endpoint()
        if package is None:
            return self._nothing("no version is Approved; what serves goes on", endpoint)
        name = self._name(package)
        if endpoint is None:
            return self._create(package, name) if is_decision else self._nothing("there is no endpoint", None)
        status = endpoint["EndpointStatus"]
        if status == "Deleting" and is_decision:
            raise EndpointIsChanging(f"{self._settings.endpoint_name} is being deleted")
        if status in CHANGING:
            return self._nothing(f"the endpoint is {status}; its end calls again", endpoint)
        if status == "Failed":
            return self._replace(package, name) if is_decision else self._nothing("it has failed", endpoint)
        if endpoint["EndpointConfigName"] == name:
            self._tidy(keep={name})
            return self._nothing("it serves the newest Approved version", endpoint)
        if not is_decision and name in self._ours(*ENDPOINT_CONFIGS):
            return self._nothing(f"{name} has been tried and did not come into service", endpoint)
        return self._update(package, name)

    def _create(self, package: Document, name: str) -> Document:
        self._prepare(package, name)
        self._unless(
            "already existing",
            lambda: self._sagemaker.create_endpoint(
                EndpointName=self._settings.endpoint_name, EndpointConfigName=name
            ),
        )
        return self._done("create", package, name)

    def _update(self, package: Document, name: str) -> Document:
        self._prepare(package, name)
        self._unless(
            # Somebody was faster: the end of that change calls again.
            "in-progress",
            lambda: self._sagemaker.update_endpoint(
                EndpointName=self._settings.endpoint_name, EndpointConfigName=name
            ),
        )
        return self._done("update", package, name)

    def _replace(self, package: Document, name: str) -> Document:
        """Of an endpoint that has failed only its deletion is left (API reference, DescribeEndpoint)."""
        self._sagemaker.delete_endpoint(EndpointName=self._settings.endpoint_name)
        deadline = time.monotonic() + DELETED_SECONDS
        while self._endpoint() is not None:
            if time.monotonic() > deadline:
                raise EndpointIsChanging(f"{self._settings.endpoint_name} is still being deleted")
            self._wait(POLL_SECONDS)
        return self._create(package, name)

    def _prepare(self, package: Document, name: str) -> None:
        """Model and configuration of a version; both may be there from an earlier attempt."""
        settings = self._settings
        self._unless(
            "already existing",
            lambda: self._sagemaker.create_model(
                ModelName=name,
                ExecutionRoleArn=settings.role_arn,
                Containers=[{"ModelPackageName": package["ModelPackageArn"]}],
            ),
        )
        self._unless(
            "already existing",
            lambda: self._sagemaker.create_endpoint_config(
                EndpointConfigName=name,
                ProductionVariants=[
                    {
                        "VariantName": VARIANT,
                        "ModelName": name,
                        "InitialInstanceCount": 1,
                        "InstanceType": _instance_type(package),
                    }
                ],
                DataCaptureConfig={
                    "EnableCapture": True,
                    "InitialSamplingPercentage": 100,
                    "DestinationS3Uri": settings.data_capture_uri,
                    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                    "CaptureContentTypeHeader": {
                        "CsvContentTypes": ["text/csv"],
                        "JsonContentTypes": ["application/json"],
                    },
                },
            ),
        )

    def _name(self, package: Document) -> str:
        """The model's and the configuration's name: another for whatever they would hold else."""
        settings = self._settings
        held = (
            package["ModelPackageArn"],
            # A group that was deleted and made again counts from 1 again.
            f"{package['CreationTime'].timestamp():.3f}",
            _instance_type(package),
            settings.role_arn,
            settings.data_capture_uri,
        )
        digest = hashlib.sha256("\0".join(held).encode()).hexdigest()[:8]
        # A name has 63 characters at most.
        return f"{settings.endpoint_name[:45]}-{package['ModelPackageVersion']}-{digest}"

    def _tidy(self, keep: set[str]) -> None:
        """Remove the models and configurations of versions that no longer serve."""
        for name in self._ours(*ENDPOINT_CONFIGS) - keep:
            self._unless(
                "could not find",
                partial(self._sagemaker.delete_endpoint_config, EndpointConfigName=name),
            )
        for name in self._ours(*MODELS) - keep:
            self._unless("could not find", partial(self._sagemaker.delete_model, ModelName=name))

    def _ours(self, operation: str, members: str, member: str) -> set[str]:
        stem = self._settings.endpoint_name[:45]
        pattern = re.compile(rf"{re.escape(stem)}-\d+-[0-9a-f]{{8}}")

        def names() -> Iterator[str]:
            for page in self._sagemaker.get_paginator(operation).paginate(NameContains=stem):
                yield from (item[member] for item in page[members])

        return {name for name in names() if pattern.fullmatch(name)}

    def _newest_approved(self) -> Document | None:
        approved = self._sagemaker.list_model_packages(
            ModelPackageGroupName=self._settings.model_package_group_name,
            ModelApprovalStatus="Approved",
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=100,
        )["ModelPackageSummaryList"]
        if not approved:
            return None
        # Numbers only grow, which two versions of one second say better than their times.
        newest = max(approved, key=lambda item: int(item["ModelPackageVersion"]))
        package: Document = self._sagemaker.describe_model_package(ModelPackageName=newest["ModelPackageArn"])
        return package

    def _endpoint(self) -> Document | None:
        try:
            found: Document = self._sagemaker.describe_endpoint(EndpointName=self._settings.endpoint_name)
        except ClientError as error:
            if "could not find" in str(error).lower():
                return None
            raise
        return found

    def _unless(self, text: str, call: Callable[[], object]) -> None:
        """Call; a refusal with `text` in it means that it is so already."""
        try:
            call()
        except ClientError as error:
            if text not in str(error).lower():
                raise

    def _done(self, action: str, package: Document, name: str) -> Document:
        return {
            "action": action,
            "endpoint": self._settings.endpoint_name,
            "model_package": package["ModelPackageArn"],
            "endpoint_config": name,
        }

    def _nothing(self, reason: str, endpoint: Document | None) -> Document:
        return {
            "action": "nothing",
            "endpoint": self._settings.endpoint_name,
            "reason": reason,
            "endpoint_config": endpoint["EndpointConfigName"] if endpoint else None,
        }


def _instance_type(package: Document) -> str:
    """The first of the types on which the version says it serves."""
    return str(package["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"][0])
