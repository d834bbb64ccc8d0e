"""`python -m slipway_localstack.health`: whether the gateway answers; the image's health check."""

import http.client
import json
import sys

PORT = 4566
TIMEOUT_SECONDS = 4
HTTP_OK = 200


def complaint(port: int = PORT) -> str | None:
    """What is wrong with the gateway on this machine's loopback interface; None when all is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/_localstack/health")
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"the gateway on port {port} does not answer: {error}"
    finally:
        connection.close()
    if answer.status != HTTP_OK:
        return f"the gateway on port {port} answers {answer.status}"
    states = service_states(body)
    if states is None:
        return f"what answers on port {port} is not LocalStack"
    broken = sorted(name for name, state in states.items() if state == "error")
    return f"services in error: {', '.join(broken)}" if broken else None


def service_states(body: bytes) -> dict[str, str] | None:
    """Each service's state as /_localstack/health tells it; None where the text is another program's."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    states = document.get("services") if isinstance(document, dict) else None
    return states if isinstance(states, dict) else None


def main() -> int:
    """Say what is wrong, if anything is."""
    reason = complaint()
    if reason is None:
        return 0
    print(reason)
    return 1


if __name__ == "__main__":
    sys.exit(main())
