"""compose.yaml, as Docker Compose reads it: what listens, what may be cleaned up, what starts from where."""

import json
import os
import subprocess
from contextlib import closing
from typing import Any

import docker
import pytest
from slipway.settings import Settings

from scripts.commands import ROOT
from scripts.images import image_names, reference
from scripts.stack import SERVICES

# Compose's own profile for all of them (docker compose --profile).
ALL = "*"
DOCUMENT_PARTS = ("services", "networks", "volumes")
NAMES = ("localstack", "emulator", "api", "registry")
# Docker's socket is the one thing of the host that a service may see, and the emulator alone.
SOCKET = "/var/run/docker.sock"
# What it takes to read and remove what a job's container left, whoever it ran as.
EMULATOR_CAPABILITIES = ["DAC_OVERRIDE", "FOWNER"]
every_service = pytest.mark.parametrize("name", NAMES)


def compose(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`docker compose` with these variables of ours and no other."""
    others = {
        name: value for name, value in os.environ.items() if not name.startswith(("SLIPWAY_", "COMPOSE_"))
    }
    return subprocess.run(
        ["docker", "compose", *arguments],
        cwd=ROOT,
        env=others | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def resolved(**variables: str) -> dict[str, Any]:
    """The document with every profile's services and every variable filled in."""
    images = {f"SLIPWAY_{name.upper()}_IMAGE": f"slipway/{name}:tag" for name in image_names()}
    told = compose("--profile", ALL, "config", "--format", "json", **images, **variables)
    # A variable that is not set, or a key that is not known, is told as a warning.
    assert (told.returncode, told.stderr) == (0, "")
    document: dict[str, Any] = json.loads(told.stdout)
    return document


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return resolved()


@pytest.fixture
def service(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The service that a test is about."""
    found: dict[str, Any] = document["services"][name]
    return found


def test_the_tests_below_are_of_every_service(document: dict[str, Any]) -> None:
    assert sorted(document["services"]) == sorted(NAMES)


def test_without_its_image_it_is_refused_and_the_way_out_is_said() -> None:
    told = compose("config", "--quiet")

    assert told.returncode != 0
    assert "SLIPWAY_LOCALSTACK_IMAGE" in told.stderr
    assert "make up" in told.stderr


def test_localstack_alone_needs_no_other_image() -> None:
    told = compose("config", "--quiet", SLIPWAY_LOCALSTACK_IMAGE="slipway/localstack:tag")

    assert (told.returncode, told.stderr) == (0, "")


def test_without_a_profile_there_is_what_make_up_starts() -> None:
    told = compose("config", "--services", SLIPWAY_LOCALSTACK_IMAGE="slipway/localstack:tag")

    assert set(told.stdout.split()) == set(SERVICES)


def test_jobs_find_their_volume_their_network_and_localstack_by_the_names_that_the_emulator_knows() -> None:
    document = resolved(SLIPWAY_JOBS_VOLUME="mine", SLIPWAY_JOB_NETWORK="ours")
    environment = document["services"]["emulator"]["environment"]

    assert document["volumes"]["jobs"]["name"] == environment["SLIPWAY_JOBS_VOLUME"] == "mine"
    assert document["networks"]["default"]["name"] == environment["SLIPWAY_JOB_NETWORK"] == "ours"
    assert set(document["services"]["localstack"]["networks"]) == {"default"}
    assert environment["AWS_ENDPOINT_URL"] == "http://localstack:4566"


def test_by_default_they_are_the_emulators_own_defaults(document: dict[str, Any]) -> None:
    defaults = Settings()
    mounts = {each["source"]: each["target"] for each in document["services"]["emulator"]["volumes"]}

    assert document["volumes"]["jobs"]["name"] == defaults.jobs_volume
    assert document["networks"]["default"]["name"] == defaults.job_network
    assert mounts == {
        SOCKET: SOCKET,
        "jobs": str(defaults.jobs_dir),
        "state": str(defaults.state_dir),
    }
    assert [port["target"] for port in document["services"]["emulator"]["ports"]] == [defaults.port]


def test_the_emulator_starts_once_localstack_answers(document: dict[str, Any]) -> None:
    assert document["services"]["emulator"]["depends_on"]["localstack"]["condition"] == "service_healthy"


def test_the_api_knows_only_digests_of_keys_and_asks_sagemaker_directly() -> None:
    service = resolved(SLIPWAY_API_KEYS='{"keys": []}', SLIPWAY_API_PROJECTS="s3://b/k")["services"]["api"]
    environment = service["environment"]

    assert (environment["API_KEYS"], environment["API_PROJECTS"]) == ('{"keys": []}', "s3://b/k")
    assert environment["AWS_ENDPOINT_URL"] == "http://localstack:4566"
    assert environment["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] == "http://emulator:4500"
    assert service["read_only"] is True


@every_service
def test_nothing_listens_beyond_loopback(service: dict[str, Any], name: str) -> None:
    assert {port["host_ip"] for port in service["ports"]} == {"127.0.0.1"}
    assert "network_mode" not in service


def test_ports_are_the_callers_to_choose(document: dict[str, Any]) -> None:
    default = document["services"]
    chosen = resolved(
        SLIPWAY_PORT="14566",
        SLIPWAY_REGISTRY_PORT="15000",
        SLIPWAY_EMULATOR_PORT="14500",
        SLIPWAY_API_PORT="18000",
    )["services"]

    assert [port["published"] for port in default["localstack"]["ports"]] == ["4566"]
    assert [port["published"] for port in chosen["localstack"]["ports"]] == ["14566"]
    assert [port["published"] for port in chosen["registry"]["ports"]] == ["15000"]
    assert [port["published"] for port in default["emulator"]["ports"]] == ["4500"]
    assert [port["published"] for port in chosen["emulator"]["ports"]] == ["14500"]
    assert [port["published"] for port in default["api"]["ports"]] == ["8000"]
    assert [port["published"] for port in chosen["api"]["ports"]] == ["18000"]


@pytest.mark.parametrize("part", DOCUMENT_PARTS)
def test_everything_carries_the_label_that_cleaning_up_goes_by(document: dict[str, Any], part: str) -> None:
    labels = {name: thing.get("labels", {}).get("slipway") for name, thing in document[part].items()}

    assert labels
    assert set(labels.values()) == {"1"}, labels


@every_service
def test_the_image_is_ours_and_never_pulled(service: dict[str, Any], name: str) -> None:
    assert service["image"] == f"slipway/{name}:tag"
    assert service["pull_policy"] == "never"
    assert "build" not in service


@every_service
def test_two_checkouts_would_not_fight_for_a_name(service: dict[str, Any], name: str) -> None:
    assert "container_name" not in service


@every_service
def test_a_container_has_no_rights_and_a_limit(service: dict[str, Any], name: str) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (EMULATOR_CAPABILITIES if name == "emulator" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert int(service["mem_limit"]) > 0
    assert service["pids_limit"] > 0
    # PID 1 that passes signals on and reaps.
    assert service["init"] is True


@every_service
def test_no_path_of_the_host_is_mounted(service: dict[str, Any], name: str) -> None:
    bound = [volume["source"] for volume in service.get("volumes", []) if volume["type"] != "volume"]

    assert bound == ([SOCKET] if name == "emulator" else [])


@every_service
def test_whether_it_is_ready_is_the_images_to_say_and_is_asked_often_at_first(
    service: dict[str, Any], name: str
) -> None:
    with closing(docker.from_env()) as engine:
        check = engine.images.get(reference(name)).attrs["Config"]["Healthcheck"]["Test"]

    assert check[0].startswith("CMD")
    healthcheck = service["healthcheck"]
    assert "test" not in healthcheck
    assert "disable" not in healthcheck
    assert healthcheck["start_interval"] == "500ms"
