"""What a forecast costs at the endpoint: a trained model in its container on one core."""

import json
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.jobs import JobError
from benchmarks.plain_http import PlainConnection
from benchmarks.serving_containers import container
from benchmarks.serving_load import megabytes

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
# Nobody counts what a model answers while it is new.
WARM_UP = 5
ONE_SERIES, ALL_SERIES = 40, 5
SAMPLES = 100


def served(image: str, model: Path, parts: Path, days: int) -> dict[str, float]:
    """Milliseconds of a request for one series and for all of `parts`, medians, and megabytes."""
    instances = _instances(parts, days)
    with container(image, model) as (port, process):
        connection = PlainConnection("127.0.0.1", port)
        try:
            for _ in range(WARM_UP):
                _milliseconds(connection, instances[:1])
            one = [
                _milliseconds(connection, [instances[turn % len(instances)]]) for turn in range(ONE_SERIES)
            ]
            every = [_milliseconds(connection, instances) for _ in range(ALL_SERIES)]
            return {
                f"one series, {days} days, {SAMPLES} samples, p50 ms on one core": round(median(one), 1),
                f"{len(instances)} series in one request, p50 ms on one core": round(median(every), 1),
                "memory, MB (PSS)": round(megabytes(process), 1),
            }
        finally:
            connection.close()


def _instances(parts: Path, days: int) -> list[dict[str, object]]:
    """Each series by its key; what is known ahead stays as it was last."""
    panel = json.loads((parts / "encoder" / "panel.json").read_text(encoding="utf-8"))
    known = [place for place, each in enumerate(panel["dynamic_feat"]) if each["source"] == "known"]
    names = [each["name"] for each in panel["dynamic_feat"]]
    lines = (parts / "test" / "series.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        {
            "item_id": series["item_id"],
            "known": {names[place]: series["dynamic_feat"][place][-1:] * days for place in known},
        }
        for series in map(json.loads, lines)
    ]


def _milliseconds(connection: PlainConnection, instances: list[dict[str, object]]) -> float:
    body = json.dumps({"instances": instances, "configuration": {"num_samples": SAMPLES}}).encode()
    started = perf_counter()
    status, content = connection.ask("POST", "/invocations", JSON, body)
    taken = 1000 * (perf_counter() - started)
    if status != 200 or len(json.loads(content)["predictions"]) != len(instances):
        raise JobError(f"the endpoint answered {status}: {content[:300]!r}")
    return taken
