"""Headless Chromium, driven by the DevTools protocol over its container's stdin and stdout."""

import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from tests.support.containers import wait_until

ANSWER_SECONDS = 60
# Keys by their names: code, and the character where the key has one.
KEYS = {
    "Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), " ": (32, " "), "ArrowDown": (40, ""),
    "ArrowUp": (38, ""),
}  # fmt: skip
SHIFT = 8


class Chromium:
    """A browser: calls go out, answers come back by their numbers, events are kept in their order."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._answers: dict[int, dict[str, Any]] = {}
        self._sent = 0
        self.events: list[dict[str, Any]] = []
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """What a method answers. Fails where the browser refuses it, or says nothing."""
        self._sent += 1
        number = self._sent
        message = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\0")
        self._process.stdin.flush()
        with self._came:
            came = self._came.wait_for(lambda: number in self._answers, ANSWER_SECONDS)
            assert came, f"the browser does not answer {method}"
            answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return cast("dict[str, Any]", answer["result"])

    def _read(self) -> None:
        assert self._process.stdout is not None
        rest = b""
        while part := self._process.stdout.read1(1 << 16):  # type: ignore[attr-defined]
            *messages, rest = (rest + part).split(b"\0")
            with self._came:
                for message in map(json.loads, messages):
                    if "id" in message:
                        self._answers[message["id"]] = message
                    else:
                        self.events.append(message)
                self._came.notify_all()


@dataclass
class Page:
    """A tab of its own, with all that it asked for and complained of."""

    browser: Chromium
    session: str
    _expected: list[str] = field(default_factory=list)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method of this tab."""
        return self.browser.call(method, self.session, **parameters)

    def events(self, method: str) -> list[dict[str, Any]]:
        """The parameters of its events of one kind, in their order."""
        return [
            each["params"]
            for each in list(self.browser.events)
            if each.get("sessionId") == self.session and each["method"] == method
        ]

    def open(self, url: str) -> None:
        """Go there and wait until the page has its form."""
        self.call("Page.navigate", url=url)
        self.wait_for(
            "document.readyState === 'complete' && document.querySelector('#fields input, .problem')"
        )

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript, of a promise the value it comes to."""
        told = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Until the expression is true."""
        wait_until(
            lambda: True if self.evaluate(f"Boolean({expression})") else None, expression, ANSWER_SECONDS
        )

    def text(self, selector: str) -> str:
        """What an element shows."""
        shown: str = self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return shown

    def press(self, key: str, times: int = 1, modifiers: int = 0) -> None:
        """Press and release a key, as a person does."""
        code, character = KEYS[key] if key in KEYS else (ord(key.upper()), key)
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        for _ in range(times):
            kind = {"type": "keyDown", "text": character} if character else {"type": "rawKeyDown"}
            self.call("Input.dispatchKeyEvent", **named, **kind)
            self.call("Input.dispatchKeyEvent", **named, type="keyUp")

    def type(self, text: str) -> None:
        """Type over what the focused control holds."""
        self.evaluate("document.activeElement.select?.()")
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Press the mouse in the middle of an element."""
        place = self.evaluate(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            "found.scrollIntoView({block: 'center'}); const box = found.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1
            )

    def look(self, width: int, height: int = 900, **media: str) -> None:
        """Have a window of that size, and media features such as prefers_color_scheme="dark"."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.call("Emulation.setEmulatedMedia", features=features)

    def screenshot(self, file: Path) -> None:
        """The whole page as PNG."""
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(picture["data"]))

    def addresses(self) -> list[str]:
        """Every address that it asked for."""
        return [each["request"]["url"] for each in self.events("Network.requestWillBeSent")]

    def complaints(self) -> list[str]:
        """What went wrong by the browser's account and was not expected: exceptions, errors, warnings."""
        thrown = [str(each["exceptionDetails"]) for each in self.events("Runtime.exceptionThrown")]
        logged = [each["entry"] for each in self.events("Log.entryAdded")]
        said = [
            each for each in self.events("Runtime.consoleAPICalled") if each["type"] in ("error", "warning")
        ]
        told = [
            *thrown,
            *(each["text"] for each in logged if each["level"] in ("error", "warning")),
            *(str(each["args"]) for each in said if each["type"] in ("error", "warning")),
        ]
        return [text for text in told if not any(part in text for part in self._expected)]

    def expect(self, part: str) -> None:
        """Complaints with that text were meant to come, and count no more."""
        assert any(part in text for text in self.complaints()), self.complaints()
        self._expected.append(part)


@contextmanager
def chromium(image: str, network: str) -> Iterator[Chromium]:
    """A browser in a container of that network."""
    name = f"slipway-browser-{uuid4().hex[:8]}"
    command = ["docker", "run", "--interactive", "--rm", "--init", "--name", name, "--label", "slipway=1"]
    with subprocess.Popen(
        [*command, "--network", network, image],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield Chromium(process)
        finally:
            subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)


@contextmanager
def opened_page(browser: Chromium) -> Iterator[Page]:
    """An empty tab that shares nothing with any other."""
    context = browser.call("Target.createBrowserContext")["browserContextId"]
    target = browser.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    page = Page(browser, session)
    for domain in ("Page", "Runtime", "Log", "Network"):
        page.call(f"{domain}.enable")
    try:
        yield page
    finally:
        browser.call("Target.disposeBrowserContext", browserContextId=context)
