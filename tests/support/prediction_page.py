"""The API's page as a test uses it: what it fills in, presses and reads."""

import json
from pathlib import Path
from typing import Any

from scripts.commands import ROOT
from tests.support.browser import Page

PICTURES = ROOT / "build" / "ui"
# What Chromium says of every answer that is an error.
STATUS = "responded with a status of {}"
# WCAG 2.2, 1.4.3: the contrast of text.
CONTRAST = 4.5
CONTRASTS = Path(__file__).parents[1] / "ui" / "contrasts.js"
CONTROLS = {"textbox", "combobox", "spinbutton", "checkbox", "radio", "slider", "button", "link", "Date"}


def give(page: Page, selector: str, text: object) -> None:
    """Type over what a control holds."""
    page.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
    page.type(str(text))


def ask(page: Page) -> None:
    """Press the button, and wait for the answer, whichever."""
    page.click("#ask")
    page.wait_for(
        "document.querySelector('#answer').ariaBusy === 'false'"
        " && document.querySelector('.verdict, .problem, [aria-invalid]')"
    )


def numbers(page: Page, selector: str) -> list[float]:
    """The numbers behind what is shown, as they were given."""
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((data) => data.value)"
    )
    return [float(text) for text in found]


def contrasts(page: Page) -> list[list[Any]]:
    """Every text that is shown with its contrast."""
    found: list[list[Any]] = page.evaluate(f"({CONTRASTS.read_text(encoding='utf-8')})()")
    return found


def named_controls(page: Page) -> list[tuple[str, str | None]]:
    """The role and the name of each control, as assistive technology is told them."""
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value"))
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in CONTROLS
    ]
