"""A real model behind a real endpoint, the API in front of it, and a browser that looks at its page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from scripts.images import BROWSER, Build, ensure_built
from tests.support.api_server import PORT, ApiServer, api_server, write_documents
from tests.support.browser import Chromium, Page, chromium, opened_page
from tests.support.containers import run_job
from tests.support.emulator import Emulator
from tests.support.endpoints import Endpoints, endpoints_of, variant
from tests.support.train_xgb_data import ENCODER, write_training_root

NUMBERS: Any = ENCODER["numeric"]
CATEGORIES: Any = ENCODER["categorical"]
SCHEMA = {
    "version": 1,
    "target": ENCODER["target"],
    "features": [
        *(
            {name: feature[name] for name in ("name", "type", "minimum", "maximum", "nullable")}
            for feature in NUMBERS
        ),
        *({"type": "String", **feature} for feature in CATEGORIES),
    ],
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where the page is, as the browser sees it, and what stands behind it."""

    api: ApiServer
    endpoints: Endpoints
    # The browser shares the API's network, so this is the API itself, as it would be on a machine of its own.
    url: str = f"http://127.0.0.1:{PORT}/"


@pytest.fixture(scope="session")
def site(
    emulator: Emulator, train_xgb_image: str, api_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Two projects over one endpoint; the second takes no ground truth."""
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", {"num_round": "60"})
    assert run_job(train_xgb_image, ["train"], root).exit_code == 0
    with endpoints_of(emulator, train_xgb_image) as endpoints:
        uri = endpoints.store_model({path.name: path.read_bytes() for path in (root / "model").iterdir()})
        name = endpoints.in_service(endpoints.config(variant(endpoints.model(ModelDataUrl=uri))))
        people: dict[str, Any] = {
            "version": 1, "project": "people", "kind": "tabular", "schema": SCHEMA, "endpoint_name": name,
        }  # fmt: skip
        documents = write_documents(
            tmp_path_factory.mktemp("api") / "etc",
            people | {"ground_truth_uri": f"s3://{emulator.bucket}/ui-truth"},
            people | {"project": "strangers"},
        )
        environ = {
            "AWS_ENDPOINT_URL": "http://localstack:4566",
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://emulator:4500",
        }
        with api_server(api_image, documents, environ, network=emulator.network) as api:
            yield Site(api, endpoints)


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
        opened.open(site.url)
        yield opened
        assert {address for address in opened.addresses() if not address.startswith(site.url)} == set()
        assert opened.complaints() == []
