"""A model server that forecasts in DeepAR's JSON by a formula: dearer goods sell less."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.scripted_server import program_image

SERIES = ("16_410", "21_1307")
START = "2026-01-30"
MOST_DAYS = 30
LEVELS = ("0.025", "0.1", "0.5", "0.9", "0.975")
SCHEMA: dict[str, Any] = {
    "version": 1,
    "problem_type": "Forecasting",
    "frequency": "D",
    "prediction_length": MOST_DAYS,
    "timestamp": {"name": "date"},
    "item_id": ["shop", "good"],
    "target": {"name": "sold", "type": "Integral", "minimum": 0},
    "static": ["shop", "good", "group"],
    "known": [{"name": "price", "type": "Fractional", "minimum": 0, "scaling": "relative"}],
}

# What is sold on a day: a week's shape, less at a higher price; its root says how far quantiles are.
PROGRAM = (
    f"SERIES, START, MOST_DAYS = {SERIES!r}, {START!r}, {MOST_DAYS}\n"
    + r"""
import json, os, signal, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import NormalDist

WEEK = (0.7, 0.75, 0.8, 0.9, 1.2, 1.6, 1.1)


class Refused(Exception):
    pass


def forecast(number, instance, levels, days):
    name = instance["item_id"]
    if name not in SERIES and "target" not in instance:
        raise Refused(f'Instance {number}: the model holds no series "{name}", and no history is given.')
    prices = instance["known"]["price"]
    if isinstance(prices, dict):
        prices = [prices[day] for day in sorted(prices)][-days:]
    means = [14 * WEEK[day % 7] * (10 / price) ** 1.5 for day, price in enumerate(prices)]

    def quantile(level):
        return [max(0.0, mean + 1.6 * mean**0.5 * NormalDist().inv_cdf(level)) for mean in means]

    return {
        "item_id": name,
        "start": START,
        "mean": [mean + 0.4 for mean in means],
        "median": quantile(0.5),
        "quantiles": {level: quantile(float(level)) for level in levels},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def say(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.say(200, {})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wanted = asked["configuration"]
        try:
            found = [
                forecast(number, each, wanted["quantiles"], wanted["prediction_length"])
                for number, each in enumerate(asked["instances"], start=1)
            ]
        except Refused as error:
            self.say(400, {"error": str(error)})
        else:
            self.say(200, {"predictions": found})


class Server(ThreadingHTTPServer):
    daemon_threads = False


server = Server(("0.0.0.0", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
# Connections that were kept would be waited for.
os._exit(0)
"""
)


@contextmanager
def forecast_server_image(python_image: str) -> Iterator[str]:
    """An image of that server, made from one with Python; gone at the end."""
    with program_image(python_image, PROGRAM) as image:
        yield image


def forecast_project(name: str, endpoint_name: str) -> dict[str, Any]:
    """A document of a project that it answers."""
    return {
        "version": 1,
        "project": name,
        "kind": "forecast",
        "schema": SCHEMA,
        "endpoint_name": endpoint_name,
        "quantiles": list(LEVELS),
        "example": {"shop": "16", "good": "410", "known": {"price": [9.5] * MOST_DAYS}},
    }
