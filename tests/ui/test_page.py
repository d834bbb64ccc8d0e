"""The API's page in Chromium: what it shows is what the API says, and anybody can use it."""

import json
import math
from typing import Any

import pytest

from tests.support.api_server import KEY
from tests.support.browser import SHIFT, Page
from tests.support.prediction_page import (
    CONTRAST,
    PICTURES,
    STATUS,
    ask,
    contrasts,
    give,
    named_controls,
    numbers,
)
from tests.ui.conftest import URL, Site

RECORD: dict[str, Any] = {"age": 63, "rate": None, "job": "student", "contact": "letter"}


def fill(page: Page, **changes: object) -> None:
    """Fill the form with the record and the key, by mouse and keyboard where that is text."""
    give(page, "#key", KEY)
    for place, (name, value) in enumerate((RECORD | changes).items()):
        control = f"document.querySelector('#field-{place}')"
        assert page.evaluate(f"{control}.name") == name
        page.evaluate(f"{control}.focus()")
        if name in ("age", "rate"):
            page.type("" if value is None else str(value))
        else:
            page.evaluate(
                f"{control}.value = {json.dumps(value or '')};"
                f"{control}.dispatchEvent(new Event('input', {{bubbles: true}}))"
            )


def explained(site: Site, **changes: object) -> dict[str, Any]:
    """What the API itself says of the record."""
    body = {"records": [RECORD | changes], "contributions": True}
    answer = site.api.request("POST", "/v1/people/predictions", body)
    assert answer.status == 200, answer.body
    return dict(answer.json)


def test_what_is_shown_is_what_the_api_answers(page: Page, site: Site) -> None:
    fill(page)
    ask(page)

    own = explained(site)
    [prediction] = own["predictions"]
    assert numbers(page, "#probability") == [prediction["probability"]]
    assert page.text("#label") == prediction["label"]
    assert page.text("#probability") == f"{100 * prediction['probability']:.1f} %"
    facts = page.text(".facts").splitlines()
    assert facts[facts.index("Variant") + 1] == "AllTraffic"
    assert facts[facts.index("Features") + 1] == own["features"] == "looked up"
    assert facts[facts.index("Endpoint") + 1] == "InService"
    assert facts[facts.index("Model version") + 1] == "1"
    assert facts[facts.index("Model package") + 1] == site.deployed.model_package_arn


def test_the_bars_are_the_contributions(page: Page, site: Site) -> None:
    fill(page, rate=0.5)
    ask(page)

    [prediction] = explained(site, rate=0.5)["predictions"]
    by_size = sorted(prediction["contributions"].items(), key=lambda each: -abs(each[1]))
    shown: list[list[Any]] = page.evaluate(
        "[...document.querySelectorAll('.contributions tbody tr')].map((row) => {"
        " const bar = row.querySelector('.bar'), track = row.querySelector('.track div');"
        " const box = bar.getBoundingClientRect(), whole = track.getBoundingClientRect();"
        " const middle = whole.x + whole.width / 2;"
        " return [row.querySelector('th').firstChild.data, Number(row.querySelector('data').value),"
        "  box.x + box.width / 2 > middle ? box.width : -box.width, whole.width / 2]; })"
    )
    assert [(name, value) for name, value, *_ in shown] == by_size
    assert {value > 0 for _, value, *_ in shown} == {True, False}, "both directions are wanted here"
    largest = abs(by_size[0][1])
    for _, value, length, half in shown:
        # A bar is at least a pixel long.
        assert length == pytest.approx(math.copysign(max(1, half * abs(value) / largest), value), abs=0.5)


def test_base_value_and_contributions_are_summed_up_to_the_probability(page: Page, site: Site) -> None:
    fill(page)
    ask(page)

    [prediction] = explained(site)["predictions"]
    base, together, log_odds = numbers(page, ".sums data")
    assert base == prediction["base_value"]
    assert together == pytest.approx(sum(prediction["contributions"].values()))
    assert 1 / (1 + math.exp(-log_odds)) == pytest.approx(prediction["probability"], abs=1e-5)
    assert log_odds == pytest.approx(base + together)


def test_nobody_who_does_not_want_contributions_gets_any(page: Page) -> None:
    fill(page)
    page.click("#contributions")
    ask(page)

    assert numbers(page, "#probability")
    assert page.evaluate("document.querySelector('.contributions')") is None


def test_an_error_stands_at_its_field_until_it_is_mended(page: Page) -> None:
    fill(page, age=17, rate=0.5, job="student")
    ask(page)

    assert page.text("#field-0-error") == "Is 17, below the minimum 18."
    assert page.evaluate("document.activeElement.id") == "field-0"
    marked = page.evaluate("[...document.querySelectorAll('[aria-invalid=true]')].map((each) => each.id)")
    assert marked == ["field-0"]
    assert "field-0-error" in page.evaluate("document.activeElement.getAttribute('aria-describedby')").split()
    assert "422" in page.text(".problem h3")

    page.type("18")
    assert page.evaluate("document.querySelector('[aria-invalid=true]')") is None
    ask(page)
    assert numbers(page, "#probability")
    page.expect(STATUS.format(422))


def test_what_may_not_be_empty_and_what_is_no_number_is_told_at_its_field(page: Page) -> None:
    fill(page, age=None)
    ask(page)
    assert page.text("#field-0-error") == "Is empty; it needs a whole number."

    page.evaluate("document.querySelector('#field-1').focus()")
    for key in "1e":
        page.press(key)
    ask(page)
    assert page.text("#field-1-error") == "Is not a number."
    page.expect(STATUS.format(422))


def test_a_key_that_is_not_known_is_told_at_the_key(page: Page) -> None:
    fill(page)
    page.evaluate("document.querySelector('#key').focus()")
    page.type("slw_another")
    ask(page)

    assert page.text("#key-error").startswith("Is not known")
    assert page.evaluate("document.activeElement.id") == "key"
    page.expect(STATUS.format(401))


def test_the_key_is_nowhere_but_in_memory(page: Page) -> None:
    fill(page)
    ask(page)

    assert not any(KEY in address for address in page.addresses())
    kept = "[location.href, document.cookie, ...Object.values({...localStorage, ...sessionStorage})].join()"
    assert KEY not in page.evaluate(kept)
    assert KEY not in page.evaluate("document.documentElement.outerHTML")
    page.call("Page.reload")
    page.wait_for("document.readyState === 'complete' && document.querySelector('#field-0')")
    assert page.evaluate("document.querySelector('#key').value") == ""


def test_the_keyboard_is_enough(page: Page, site: Site) -> None:
    page.press("Tab", 4)  # past the way to the answer, the link and the project
    assert page.evaluate("document.activeElement.id") == "key"
    page.type(KEY)
    page.press("Tab")
    page.type("63")
    page.press("Tab")
    page.type("")
    page.press("Tab")
    page.press("s")
    page.press("Tab")
    assert page.evaluate("document.activeElement.selectedOptions[0].text") == "letter"
    page.press("Tab", 2)  # past the options, which stay closed
    assert page.evaluate("document.activeElement.id") == "contributions"
    page.press("Tab")
    page.press("Enter")
    page.wait_for("document.querySelector('.verdict')")
    [prediction] = explained(site)["predictions"]
    assert numbers(page, "#probability") == [prediction["probability"]]

    page.press("Tab")  # the answer itself is no stop; its first button is the next
    assert page.evaluate("document.activeElement.textContent") == "yes"
    page.press("Enter")
    page.wait_for("document.querySelector('.outcome').textContent")

    assert page.text(".outcome") == "“yes” is stored."
    inference_id = page.evaluate(
        "[...document.querySelectorAll('.facts dt')].find((each) => each.textContent === 'Inference id')"
        ".nextSibling.textContent"
    )
    lines = [json.loads(body) for body in site.deployed.endpoints.objects("ui-truth/").values()]
    assert [
        line["groundTruthData"]["data"] for line in lines if line["eventMetadata"]["eventId"] == inference_id
    ] == ["yes"]
    page.press("Tab", modifiers=SHIFT)
    assert page.evaluate("document.activeElement.id") == "ask"


def test_another_truth_than_the_first_is_refused_in_words(page: Page) -> None:
    fill(page)
    ask(page)
    page.click(".truth button:nth-of-type(1)")
    page.wait_for("document.querySelector('.outcome').textContent")

    page.click(".truth button:nth-of-type(2)")
    page.wait_for("document.querySelector('.outcome .problem')")

    assert "409" in page.text(".outcome h3")
    page.expect(STATUS.format(409))


def test_another_project_has_a_form_of_its_own(page: Page) -> None:
    fill(page)
    ask(page)
    page.evaluate("document.querySelector('#project').focus()")
    page.press("ArrowDown")

    page.wait_for("location.hash === '#strangers'")
    assert page.evaluate("document.querySelector('.verdict')") is None
    assert page.evaluate("document.querySelector('#field-0').value") == "18"
    ask(page)
    assert numbers(page, "#probability")
    # It takes no ground truth.
    assert page.evaluate("document.querySelector('.truth')") is None
    page.open(f"{URL}#people")
    page.wait_for("document.querySelector('#project').value === 'people'")


def test_the_options_are_asked_for_too(page: Page) -> None:
    fill(page)
    page.click("#options summary")
    for option, value in (("inference-id", "order-7"), ("entity-id", "client-1"), ("variant", "AllTraffic")):
        page.evaluate(f"document.querySelector('#{option}').focus()")
        page.type(value)
    ask(page)
    assert "order-7" in page.text(".facts").splitlines()
    page.evaluate("document.querySelector('#variant').focus()")
    page.type("Nobody")
    page.press("Enter")
    page.wait_for("document.querySelector('.problem')")

    assert "there is no variant 'Nobody'" in page.text(".problem")
    [sent] = [
        each["request"]["headers"]
        for each in page.events("Network.requestWillBeSent")
        if each["request"]["headers"].get("X-Target-Variant") == "AllTraffic"
    ]
    assert sent["X-Entity-Id"] == "client-1"
    page.expect(STATUS.format(404))


def test_what_is_not_the_pages_own_is_not_asked_for(page: Page) -> None:
    violated = (
        "new Promise((done) => {{ document.addEventListener('securitypolicyviolation',"
        " (event) => done(event.effectiveDirective), {{once: true}}); {} }})"
    )

    elsewhere = page.evaluate(violated.format("fetch('http://example.com/').catch(() => null);"))
    inline = page.evaluate(
        violated.format(
            "const made = document.createElement('script'); made.textContent = 'window.ran = true';"
            " document.body.append(made);"
        )
    )

    assert (elsewhere, inline) == ("connect-src", "script-src-elem")
    assert page.evaluate("window.ran") is None
    assert [address for address in page.addresses() if "example.com" in address] == []
    page.expect("Content Security Policy")


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("light", 1280, "light"),
        ("dark", 1280, "dark"),
        ("narrow", 380, "light"),
        ("narrow-dark", 380, "dark"),
    ],
)
def test_it_can_be_read_in_every_light_and_width(page: Page, name: str, width: int, scheme: str) -> None:
    page.look(width, prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    fill(page)
    ask(page)
    page.screenshot(PICTURES / f"{name}.png")

    texts = contrasts(page)
    assert len(texts) > 40
    assert [each for each in texts if each[1] < CONTRAST] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.querySelector('.meter span')).transitionDuration") == "0s"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 3 * 128) == (scheme == "dark")


def test_errors_can_be_read_too(page: Page) -> None:
    page.look(1280, prefers_color_scheme="dark")
    fill(page, age=17)
    ask(page)
    page.screenshot(PICTURES / "error.png")

    texts = contrasts(page)
    assert [each for each in texts if each[1] < CONTRAST] == []
    assert any("below the minimum" in each[0] for each in texts)
    page.expect(STATUS.format(422))


def test_assistive_technology_is_told_the_name_of_every_control(page: Page) -> None:
    fill(page)
    ask(page)

    named = named_controls(page)
    assert ("spinbutton", "age") in named
    assert ("combobox", "contact") in named
    assert ("textbox", "API key") in named
    assert [role for role, name in named if not name] == []
