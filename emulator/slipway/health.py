"""The image's health check: whether the control plane answers in this container."""

import http.client
import os
import sys

from slipway.settings import Settings, SettingsError

TIMEOUT_SECONDS = 4


def is_healthy(port: int) -> bool:
    """Whether the health page on `port` says 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/_slipway/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """0 where it answers, as Docker reads it."""
    try:
        port = Settings.from_environ(os.environ).port
    except SettingsError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    return 0 if is_healthy(port) else 1


if __name__ == "__main__":
    sys.exit(main())
