"""`make api` as a person types it, on services of the tests' own: it comes up, answers, can be removed."""

from typing import Any

import pytest

from scripts.clean import OURS, listed
from scripts.commands import ROOT
from tests.support.compose_services import Services, a_record, asked, prediction, printed_request
from tests.support.containers import wait_until


def test_before_there_is_an_endpoint_it_says_when_to_come_again(before_the_run: list[Any]) -> None:
    model, answer = before_the_run

    assert model["endpoint_status"] is None
    assert answer["status"] == 503


@pytest.mark.usefixtures("ran")
def test_the_printed_request_says_which_version_answers(services: Services, started: str) -> None:
    def told() -> Any:
        model = asked(services, printed_request(started))
        return model if model["endpoint_status"] == "InService" else None

    model = wait_until(told, "the API to see the endpoint")

    assert [each["model_package_version"] for each in model["variants"]] == [services.bank.served_version()]


@pytest.mark.usefixtures("ran")
def test_columns_are_looked_up_once_the_pipeline_has_ingested_them(services: Services, started: str) -> None:
    def told() -> Any:
        answer = prediction(services, started, a_record())
        return answer if answer.get("features") == "looked up" else None

    answer = wait_until(told, "features to be looked up")

    assert answer["predictions"][0]["label"] in ("yes", "no")
    assert answer["model"]["model_package_version"] == services.bank.served_version()


@pytest.mark.usefixtures("started")
def test_make_down_would_remove_it(services: Services) -> None:
    # Not by the verb itself, which removes everything of ours on this machine.
    of_the_api = listed("ps", "--quiet", "--filter", f"publish={services.api_port}")

    assert len(of_the_api) == 1
    assert set(of_the_api) <= set(listed("ps", "--all", "--quiet", "--filter", OURS))


def test_its_key_is_nobody_elses_to_read(services: Services, started: str) -> None:
    assert services.run("git", "check-ignore", "build/api.key").returncode == 0
    assert (ROOT / "build" / "api.key").stat().st_mode & 0o777 == 0o600
    assert (ROOT / "build" / "api.key").read_text(encoding="utf-8").strip() not in started
