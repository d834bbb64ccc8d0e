"""`make clock`: the time that the emulator goes by, shown, or moved with ADVANCE=1h or TO=2026-12-24."""

import argparse
import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from scripts.commands import SetupError, run_main, say

DEFAULT_PORT = "4500"
TIMEOUT_SECONDS = 10
TO_ALLOW = "  on this machine's stack: SLIPWAY_ALLOW_RESET=1 make up (jobs and schedules stay as they are)"


def asked(port: str, change: Mapping[str, str] | None) -> dict[str, Any]:
    """The clock's page, after a change where there is one. Raises SetupError in the emulator's words."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/_slipway/clock",
        data=None if change is None else json.dumps(change).encode(),
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return _document(answer.read())
    except urllib.error.HTTPError as error:
        message = _document(error.read()).get("Message", f"HTTP {error.code}")
        is_forbidden = error.code == http.client.FORBIDDEN
        raise SetupError(f"the clock stays: {message}" + (f"\n{TO_ALLOW}" if is_forbidden else "")) from error
    except (OSError, http.client.HTTPException) as error:
        raise SetupError(f"no emulator answers at port {port} ({error}); make up starts one") from error


def _document(body: bytes) -> dict[str, Any]:
    """A page of the emulator. Raises SetupError where it is somebody else's."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise SetupError("what answers there is no emulator; SLIPWAY_EMULATOR_PORT says where ours is")
    return document


def described(page: Mapping[str, Any]) -> str:
    """The clock in a line: 2026-12-24T00:00:00.000Z, 1 d 1:00:00 ahead of this machine's."""
    seconds = round(page["ahead_seconds"])
    days, rest = divmod(seconds, 86400)
    ahead = (f"{days} d " if days else "") + f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{page['now']}, " + (
        f"{ahead} ahead of this machine's clock" if seconds else "as this machine's clock"
    )


def main() -> int:
    """Show the clock, moved where that is asked for."""
    parser = argparse.ArgumentParser(prog="make clock", description=__doc__)
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--advance", metavar="DURATION", help="90s, 30m, 1h, 2d, 1d12h or PT1H")
    change.add_argument("--to", metavar="MOMENT", help="2026-12-24T00:00:00Z; forward alone")
    arguments = parser.parse_args()
    changes = {"Advance": arguments.advance, "To": arguments.to}
    given = {name: text for name, text in changes.items() if text}
    say(described(asked(os.environ.get("SLIPWAY_EMULATOR_PORT") or DEFAULT_PORT, given or None)))
    return 0


if __name__ == "__main__":
    run_main(main)
