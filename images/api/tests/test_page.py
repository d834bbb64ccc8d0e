import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from starlette.testclient import TestClient

Api = Callable[..., TestClient]
ASSETS = {
    file.name: file.read_text(encoding="utf-8") for file in files("api.page").joinpath("assets").iterdir()
}
# What names a format and is never fetched.
NAMESPACE = "http://www.w3.org/2000/svg"


class Elements(HTMLParser):
    """The elements of a page, with attributes, and the text inside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self._is_code = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        self._is_code = tag in ("script", "style")

    def handle_endtag(self, _tag: str) -> None:
        self._is_code = False

    def handle_data(self, data: str) -> None:
        if self._is_code:
            self.inline += data.strip()


PAGE = Elements(ASSETS["index.html"])


def test_the_page_is_at_the_root_and_needs_no_key(client: TestClient) -> None:
    answer = client.get("/", headers={"X-Api-Key": ""})

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text == ASSETS["index.html"]


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in ASSETS)])
def test_nothing_but_the_pages_own_may_be_loaded_or_run(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    # default-src stands for scripts, styles, images and connections; nothing of these is named again.
    assert policy == {
        "default-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_there_is_no_script_and_no_style_inside_the_page() -> None:
    handlers = [name for _, attributes in PAGE.found for name in attributes if name.startswith("on")]

    assert (PAGE.inline, handlers) == ("", [])
    assert not any("style" in attributes for _, attributes in PAGE.found)


@pytest.mark.parametrize("name", ASSETS)
def test_no_file_names_another_host(name: str) -> None:
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", ASSETS[name].replace(NAMESPACE, "")) == []


def test_every_file_that_is_named_is_there(client: TestClient) -> None:
    named = {
        target
        for _, attributes in PAGE.found
        for name in ("src", "href")
        if (target := attributes.get(name)) and not target.startswith("#")
    }
    modules = {f"page/{found}" for text in ASSETS.values() for found in re.findall(r'from "\./(\S+)"', text)}

    statuses = {target: client.get(f"/{target}").status_code for target in named | modules}

    assert set(statuses.values()) == {200}, statuses
    assert {target.removeprefix("page/") for target in statuses} >= set(ASSETS) - {"index.html"}


def test_every_label_belongs_to_a_control_and_every_control_has_one() -> None:
    labelled = {attributes["for"] for tag, attributes in PAGE.found if tag == "label" and "for" in attributes}
    controls = {
        attributes["id"]
        for tag, attributes in PAGE.found
        if tag in ("input", "select") and attributes.get("type") != "checkbox"
    }

    assert labelled == controls


def test_a_file_that_is_not_there_is_a_problem(client: TestClient) -> None:
    answer = client.get("/page/routes.py")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_the_page_can_be_left_out(api: Api) -> None:
    client = api(API_PAGE="0")

    assert [client.get(path).status_code for path in ("/", "/page/main.js", "/v1/projects")] == [
        404,
        404,
        200,
    ]


def test_the_list_of_projects_has_what_a_form_needs_and_needs_no_key(client: TestClient) -> None:
    answer = client.get("/v1/projects", headers={"X-Api-Key": ""})

    assert answer.json() == {
        "projects": [
            {
                "project": "people",
                "kind": "tabular",
                "target": {"name": "y", "positive": "yes", "negative": "no"},
                "takes_ground_truth": True,
                "fields": [
                    {"name": "age", "type": "Integral", "nullable": False, "example": 18, "minimum": 18.0,
                     "maximum": 120.0},
                    {"name": "job", "type": "String", "nullable": False, "example": "admin.",
                     "values": ["admin.", "student"]},
                    {"name": "rate", "type": "Fractional", "nullable": True, "example": 0.0},
                    {"name": "city", "type": "String", "nullable": True, "example": "Bonn",
                     "values": ["Bonn"]},
                ],
            }
        ]
    }  # fmt: skip


def test_a_project_without_a_place_for_labels_says_so(api: Api) -> None:
    [listed] = api({"ground_truth_uri": None}).get("/v1/projects").json()["projects"]

    assert listed["takes_ground_truth"] is False


@pytest.mark.parametrize(
    ("bounds", "example"),
    [({}, 0), ({"minimum": 18}, 18), ({"maximum": -2.5}, -2.5), ({"minimum": -3, "maximum": 3}, 0)],
)
def test_a_form_begins_with_the_allowed_number_that_is_nearest_to_zero(
    api: Api, bounds: dict[str, float], example: float
) -> None:
    schema: dict[str, Any] = {
        "version": 1,
        "target": {"name": "y", "positive": "yes", "negative": "no"},
        "features": [{"name": "x", "type": "Fractional", **bounds}],
    }

    [listed] = api({"schema": schema}).get("/v1/projects").json()["projects"]

    assert listed["fields"][0]["example"] == example
