"""A real model behind a real endpoint, the API in front of it, and a browser that looks at its page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from scripts.images import BROWSER, Build, ensure_built
from tests.support.api_deployment import Deployed, api_over, deployment
from tests.support.api_server import PORT, ApiServer
from tests.support.browser import Chromium, Page, chromium, opened_page
from tests.support.emulator import Emulator
from tests.support.endpoints import variant
from tests.support.forecast_server import forecast_project, forecast_server_image

# The browser shares the API's network, so it finds the API as on a machine of its own.
URL = f"http://127.0.0.1:{PORT}/"


@dataclass(frozen=True, slots=True)
class Site:
    """What stands behind the page."""

    api: ApiServer
    deployed: Deployed


@pytest.fixture(scope="session")
def site(
    emulator: Emulator,
    train_xgb_image: str,
    api_image: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Two projects over one endpoint, `people` and `strangers`, which takes no labels; `tea` forecasts."""
    root = tmp_path_factory.mktemp("trained") / "ml"
    with (
        forecast_server_image(api_image) as forecasting,
        deployment(emulator, train_xgb_image, root) as deployed,
    ):
        people = deployed.projects["looked-up"] | {"ground_truth_uri": f"s3://{emulator.bucket}/ui-truth"}
        strangers = deployed.projects["plain"] | {"project": "strangers", "ground_truth_uri": None}
        endpoints = deployed.endpoints
        forecasts = endpoints.in_service(endpoints.config(variant(endpoints.model(forecasting))))
        projects = {
            "people": people | {"project": "people"},
            "strangers": strangers,
            "tea": forecast_project("tea", forecasts),
        }
        three = replace(deployed, projects=projects)
        with api_over(three, api_image, tmp_path_factory.mktemp("api") / "etc") as api:
            yield Site(api, three)


@pytest.fixture(scope="session")
def browser(site: Site) -> Iterator[Chromium]:
    """Chromium in the API's own network."""
    image = ensure_built(Build(BROWSER.name)).reference
    with chromium(image, f"container:{site.api.container.id}") as started:
        yield started


@pytest.fixture
def page(browser: Chromium, site: Site) -> Iterator[Page]:
    """The page, just opened in a wide window; in the end nobody else may have been asked for anything."""
    with opened_page(browser) as opened:
        opened.look(1280)
        opened.open(URL)
        yield opened
        assert URL in opened.addresses()
        assert [address for address in opened.addresses() if not address.startswith(URL)] == []
        assert opened.complaints() == []
