"""The inference API over an endpoint of a registered version, with a group of encodings beside it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.api_server import ApiServer, api_server, write_documents
from tests.support.containers import run_job
from tests.support.emulator import Emulator
from tests.support.emulator_features import create_group, values
from tests.support.endpoints import Endpoints, capture_to, endpoints_of, new_name, variant
from tests.support.train_xgb_data import ENCODER, TEST_CLIENTS, write_training_root

# A key joins categories by commas, so no category has one.
PLAIN_ENCODER: dict[str, Any] = json.loads(json.dumps(ENCODER).replace("by letter, post", "letter"))
CATEGORICAL = {each["name"]: each for each in PLAIN_ENCODER["categorical"]}
NUMERIC = {each["name"]: each for each in PLAIN_ENCODER["numeric"]}
SCHEMA = {
    "version": 1,
    "target": PLAIN_ENCODER["target"],
    "features": [
        *(
            {name: feature[name] for name in ("name", "type", "minimum", "maximum", "nullable")}
            for feature in NUMERIC.values()
        ),
        *({"type": "String", **feature} for feature in CATEGORICAL.values()),
    ],
}
RECORDS = [
    client.raw() | {"contact": "letter" if client.contact and "post" in client.contact else client.contact}
    for client in TEST_CLIENTS
]
GONE = "admin.,phone"
ENCODER_KEY = "encoders/1/encoder.json"


@dataclass(frozen=True, slots=True)
class Deployed:
    """An endpoint that serves a registered version, and the projects over it."""

    emulator: Emulator
    endpoints: Endpoints
    name: str
    model_package_arn: str
    projects: dict[str, dict[str, Any]]


@contextmanager
def deployment(emulator: Emulator, image: str, root: Path) -> Iterator[Deployed]:
    """A version that is trained in `root`, registered and deployed; all that answers is gone at the end."""
    write_training_root(root, {"num_round": "60"}, encoder=json.dumps(PLAIN_ENCODER))
    assert run_job(image, ["train"], root).exit_code == 0
    with endpoints_of(emulator, image) as endpoints:
        uri = endpoints.store_model({path.name: path.read_bytes() for path in (root / "model").iterdir()})
        group = ingested(emulator, endpoints)
        emulator.s3.put_object(Bucket=emulator.bucket, Key=ENCODER_KEY, Body=json.dumps(PLAIN_ENCODER))
        metadata = {
            "feature-group-name": group,
            "encoder-uri": f"s3://{emulator.bucket}/{ENCODER_KEY}",
        }
        package = registered(endpoints, image, uri, metadata)
        model = new_name("model")
        endpoints.client.create_model(ModelName=model, Containers=[{"ModelPackageName": package}])
        destination = f"s3://{emulator.bucket}/captured"
        name = endpoints.in_service(
            endpoints.config(variant(model), DataCaptureConfig=capture_to(destination))
        )
        yield Deployed(emulator, endpoints, name, package, projects(emulator, name))


@contextmanager
def api_over(
    deployed: Deployed, image: str, folder: Path, environ: dict[str, str] | None = None
) -> Iterator[ApiServer]:
    """The API in front of it; its documents are written to `folder`."""
    documents = write_documents(folder, *deployed.projects.values())
    services = {
        "AWS_ENDPOINT_URL": "http://localstack:4566",
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://emulator:4500",
        "AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME": "http://emulator:4500",
    }
    network = deployed.emulator.network
    with api_server(image, documents, services | (environ or {}), network=network) as running:
        yield running


def registered(
    endpoints: Endpoints, image: str, uri: str, metadata: dict[str, str], media_type: str = "text/csv"
) -> str:
    """The ARN of an approved version."""
    group = new_name("group")
    endpoints.client.create_model_package_group(ModelPackageGroupName=group)
    answer = endpoints.client.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties=metadata,
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": uri}],
            "SupportedContentTypes": [media_type],
            "SupportedResponseMIMETypes": [media_type],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
        },
    )
    return str(answer["ModelPackageArn"])


def ingested(emulator: Emulator, endpoints: Endpoints) -> str:
    """A group with the columns of every combination but one."""
    name = new_name("encodings")
    names = [each["encoded_name"] for feature in CATEGORICAL.values() for each in feature["categories"]]
    create_group(emulator, endpoints.client, name, **dict.fromkeys(names, "Integral"))
    store = emulator.client("sagemaker-featurestore-runtime")
    for job in [each["value"] for each in CATEGORICAL["job"]["categories"]]:
        for contact in ["", *(each["value"] for each in CATEGORICAL["contact"]["categories"])]:
            key = f"{job},{contact}"
            if key != GONE:
                record = values(id=key, at="2026-01-01T00:00:00Z", **columns(job, contact))
                store.put_record(FeatureGroupName=name, Record=record)
    return name


def columns(job: str, contact: str) -> dict[str, str]:
    """The encoded columns of one combination."""
    return {
        category["encoded_name"]: str(int(category["value"] == value))
        for feature, value in (("job", job), ("contact", contact))
        for category in CATEGORICAL[feature]["categories"]
    }


def projects(emulator: Emulator, endpoint_name: str) -> dict[str, dict[str, Any]]:
    """The same endpoint as three projects."""
    plain = {
        "version": 1,
        "kind": "tabular",
        "schema": SCHEMA,
        "endpoint_name": endpoint_name,
        "ground_truth_uri": f"s3://{emulator.bucket}/truth",
    }
    return {
        "plain": plain | {"project": "plain"},
        "looked-up": plain | {"project": "looked-up", "lookup": {"unknown_key": "raw"}},
        "strict": plain | {"project": "strict", "lookup": {"unknown_key": "refuse"}},
        "nowhere": plain | {"project": "nowhere", "endpoint_name": "no-such-endpoint"},
    }
