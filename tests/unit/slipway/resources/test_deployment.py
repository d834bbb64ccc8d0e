"""What an endpoint runs, as the store keeps it and as DescribeEndpoint shows it."""

import json

import pytest
from slipway.executors.places import places, port_of
from slipway.resources.deployment import Deployment, ServingContainer, Variant


def container(image: str = "churn:1", image_id: str | None = None) -> ServingContainer:
    return ServingContainer("primary", image, {"Image": image, "Environment": {"K": "v"}}, image_id)


def deployment() -> Deployment:
    pipeline = Variant("A", (container(), container("other:2", "sha256:0f")), 1.0, 2, "ml.m5.large")
    serverless = Variant(
        "B", (container(),), 0.5, 1, serverless={"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    )
    return Deployment(3, "config", (pipeline, serverless), {"InitialSamplingPercentage": 5})


def test_a_deployment_comes_back_from_json() -> None:
    kept = json.loads(json.dumps(deployment().to_document()))

    assert Deployment.from_document(kept) == deployment()


@pytest.mark.parametrize(
    ("image", "resolved"),
    [
        ("churn:1", "churn@sha256:0f"),
        ("localhost:5000/churn:1", "localhost:5000/churn@sha256:0f"),
        ("localhost:5000/churn", "localhost:5000/churn@sha256:0f"),
        ("churn@sha256:aa", "churn@sha256:aa"),
    ],
)
def test_an_image_is_shown_by_the_digest_that_runs(image: str, resolved: str) -> None:
    assert container(image, "sha256:0f").deployed_image["ResolvedImage"] == resolved


def test_a_serverless_variant_has_no_instances_to_show() -> None:
    shown = deployment().variants[1].summary

    assert "CurrentInstanceCount" not in shown
    assert shown["CurrentServerlessConfig"]["MemorySizeInMB"] == 1024


def test_every_container_of_every_instance_has_its_place() -> None:
    hosts = [place.host for place in places(deployment())]

    assert hosts == ["r3-v0-i0-c0", "r3-v0-i0-c1", "r3-v0-i1-c0", "r3-v0-i1-c1", "r3-v1-i0-c0"]


def test_containers_of_one_model_have_a_port_each() -> None:
    pipeline, alone = deployment().variants

    assert [port_of(pipeline, position) for position in range(2)] == [8080, 8081]
    assert port_of(alone, 0) == 8080
