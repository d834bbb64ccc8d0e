"""What becomes of containers that do not get healthy, and where their lines go."""

import re
from collections.abc import Iterator
from typing import cast

import pytest
from slipway.containers.engine import ContainerState, Engine
from slipway.containers.spec import ContainerSpec, Limits
from slipway.executors.places import Place, places
from slipway.executors.serving import ServingContainers, ServingError
from slipway.executors.serving_logs import stream_name
from slipway.resources.deployment import Deployment, ServingContainer, Variant
from slipway.resources.resource import Key, Kind, Owner, Resource

KEY = Key(Owner("000000000000", "us-east-1"), Kind.ENDPOINT, "churn")
ENDPOINT = Resource(KEY, 1.0, 1.0, "Creating")


class DeafEngine:
    """An engine whose containers run, and listen on nothing."""

    def __init__(self) -> None:
        self.specs: list[ContainerSpec] = []

    def of_resource(self, _arn: str) -> list[ContainerState]:
        return []

    def create(self, spec: ContainerSpec) -> str:
        self.specs.append(spec)
        return spec.host

    def start(self, container_id: str) -> None:
        del container_id

    def stop(self, container_id: str, grace_seconds: int) -> None:
        del container_id, grace_seconds

    def state(self, container_id: str) -> ContainerState:
        # Without an address there is nothing to ask.
        return ContainerState(container_id, container_id, True, None, False, "", "", None, "")

    def log_lines(self, _container_id: str) -> Iterator[tuple[float, str]]:
        yield from ((float(number), f"line {number}") for number in range(100))


def variant(**changes: object) -> Variant:
    values = {"name": "A", "weight": 1.0, "instance_count": 1, "instance_type": "ml.m5.large", **changes}
    container = ServingContainer("primary", "churn:1", {"Environment": {"K": "v", "AWS_REGION": "own"}})
    return Variant(containers=(container,), **values)  # type: ignore[arg-type]


def bring_up(engine: DeafEngine, deployment: Deployment) -> None:
    containers = ServingContainers(
        cast(Engine, engine),
        limits_of=lambda _instance_type: Limits(2, 8 * 1024**3),
        network="jobs",
        environment_of=lambda owner: {"AWS_REGION": owner.region, "AWS_ENDPOINT_URL": "http://localstack"},
        subpath_of=lambda _key, place: f"models/{place.host}",
        follow=lambda *_container: None,
    )
    containers.bring_up(ENDPOINT, deployment, places(deployment), restartable=())


def test_a_container_that_never_answers_fails_with_its_last_lines() -> None:
    with pytest.raises(ServingError) as caught:
        bring_up(DeafEngine(), Deployment(1, "config", (variant(startup_seconds=0),)))

    assert str(caught.value).startswith(
        "The primary container for production variant A did not pass the ping health check."
    )
    assert "not 200 within 0 s" in str(caught.value)
    assert str(caught.value).endswith("line 98\nline 99")
    assert "line 50" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "cpus", "gigabytes"),
    [
        ({}, 2, 8),
        # Developer guide, "Serverless endpoints": processors in proportion to memory.
        (
            {"instance_type": None, "serverless": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}},
            2,
            2,
        ),
    ],
)
def test_a_container_has_what_its_instance_has(changes: dict[str, object], cpus: int, gigabytes: int) -> None:
    engine = DeafEngine()

    with pytest.raises(ServingError):
        bring_up(engine, Deployment(1, "config", (variant(startup_seconds=0, **changes),)))

    (spec,) = engine.specs
    assert spec.limits == Limits(cpus, gigabytes * 1024**3)
    assert spec.command == ("serve",)
    assert spec.network == "jobs"


def test_the_callers_environment_goes_before_ours() -> None:
    engine = DeafEngine()

    with pytest.raises(ServingError):
        bring_up(engine, Deployment(1, "config", (variant(startup_seconds=0),)))

    assert engine.specs[0].environment == {
        "K": "v",
        "AWS_REGION": "own",
        "AWS_ENDPOINT_URL": "http://localstack",
    }


def test_lines_go_to_a_stream_for_each_instance() -> None:
    streams = [stream_name(ENDPOINT, variant(), Place(1, 0, instance, 0)) for instance in range(2)]

    # Developer guide, "Log Amazon SageMaker events": [variant]/[instance id].
    assert all(re.fullmatch(r"A/i-[0-9a-f]{17}", stream) for stream in streams)
    assert streams[0] != streams[1]
    assert streams[0] == stream_name(ENDPOINT, variant(), Place(1, 0, 0, 0))
