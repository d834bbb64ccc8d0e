"""How much does a prediction cost, beside SageMaker's container, MLServer and MLflow?

One model of the bank's real rows, served by all at once and asked in turn, on
one core while the load has another. Ours is the train_xgb image on the host's
network, so that nobody has a proxy before it; the peers run bare and get rows
that are encoded already, as ours does unless it says raw. All answers are
compared before anything is measured.
"""

import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.figures import Figures
from benchmarks.jobs import JobError, docker_run, prepare_training, preprocess
from benchmarks.serving_containers import constant, container, seconds_to_ping
from benchmarks.serving_load import Bodies, Load, loaded, megabytes, wrk
from benchmarks.serving_peers import CSV_CALL, PEERS, Call
from benchmarks.serving_processes import CORES, installed, running
from orchestration.project_file import load_tabular
from scripts.commands import SetupError

ROUNDS, SECONDS = 5, 3
BODIES, SOME, BATCH = 64, 100, 1000
CLIENTS, MANY = 8, 64
STARTS = 3
# XGBoost's versions differ, and so may the last bits of a float32.
TOLERANCE = 1e-6
MODEL = Path("trained/model")
RAW, CONSTANT = "ours with raw rows", "a constant answer"
P50, P99 = "milliseconds p50 at 64 clients", "milliseconds p99 at 64 clients"
HYPERPARAMETERS = {"num_round": 100, "max_depth": 5, "eta": 0.1}
TO_JSON = (
    "import xgboost; xgboost.Booster(model_file='/opt/ml/model/model.ubj').save_model('/opt/ml/model.json')"
)
OUR_CALL = Call(
    "/invocations",
    "text/csv",
    lambda rows: "\n".join(rows),
    lambda answer: [float(line.split(",")[1]) for line in answer.decode().splitlines()],
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers, with its requests of one row and of a batch."""

    title: str
    port: int
    process: int
    one: Bodies
    batch: Bodies


@dataclass(frozen=True, slots=True)
class Rows:
    """The same rows, encoded and raw; the raw ones below a header."""

    encoded: list[str]
    header: str
    raw: list[str]


def main(images: dict[str, str], data: Path, _is_synthetic: bool) -> Figures:
    """All in turn, then what needs fewer or other servers."""
    wrk()
    if len(CORES) < 2:
        raise SetupError("there is one core here; the load needs one, and the servers another")
    figures = Figures("serving", peer=", ".join(peer.title for peer in PEERS))
    for peer in PEERS:
        figures.note(f"versions beside {peer.title}", installed(peer))
    image = images["train_xgb"]
    figures.note("ours", f"the image {image} on the host's network")
    figures.note("load average at the beginning", round(os.getloadavg()[0], 1))
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        rows = prepared(images, data, folder)
        measure_start(figures, image, folder)
        ours = stack.enter_context(container(image, folder / MODEL))
        servers = [server("ours", ours, OUR_CALL, folder, rows), raw_server(ours, folder, rows)]
        for peer in PEERS:
            started = stack.enter_context(running(peer, folder / peer.name, folder / "model.json"))
            servers.append(server(peer.title, (started.port, started.process), peer.call, folder, rows))
        compare_answers(servers, rows)
        with constant(image) as place:
            measure(figures, [*servers, server(CONSTANT, place, CSV_CALL, folder, rows)])
        measure_memory(figures, servers)
        some = [rows.encoded[begin : begin + SOME] for begin in range(0, BATCH, SOME)]
        measure_processes(figures, image, folder, Bodies(folder, "some rows", OUR_CALL, some))
    return figures


def prepared(images: dict[str, str], data: Path, folder: Path) -> Rows:
    """Rows that the model has not seen; the model is left in `folder`, in both formats."""
    project = load_tabular("bank")
    preprocess(images["preprocess"], project, data, project.split.seed, folder / "parts")
    prepare_training(HYPERPARAMETERS, folder / "parts", folder / "trained")
    docker_run(images["train_xgb"], ["train"], folder / "trained")
    docker_run(images["train_xgb"], ["-c", TO_JSON], folder / "trained", "python")
    (folder / "model.json").write_bytes((folder / "trained/model.json").read_bytes())
    live = folder / "parts/processing/output/live"
    # The label is first in the one, and last in the other.
    encoded = [line.partition(",")[2] for line in (live / "encoded.csv").read_text("utf-8").splitlines()]
    header, *raw = [line.rpartition(",")[0] for line in (live / "live.csv").read_text("utf-8").splitlines()]
    return Rows(encoded[:BATCH], header, raw[:BATCH])


def server(title: str, place: tuple[int, int], call: Call, folder: Path, rows: Rows) -> Server:
    """The server at a port, of a process, that is asked for encoded rows."""
    one = Bodies(folder, f"{title}, a row", call, [[row] for row in rows.encoded[:BODIES]])
    return Server(title, *place, one, Bodies(folder, f"{title}, a batch", call, [rows.encoded]))


def raw_server(place: tuple[int, int], folder: Path, rows: Rows) -> Server:
    """Ours, asked for raw rows."""
    one = Bodies(folder, "raw, a row", OUR_CALL, [[rows.header, row] for row in rows.raw[:BODIES]])
    batch = Bodies(folder, "raw, a batch", OUR_CALL, [[rows.header, *rows.raw]])
    return Server(RAW, *place, one, batch)


def compare_answers(servers: Sequence[Server], rows: Rows) -> None:
    """All must say the same of the batch. Raises JobError for one that does not."""
    expected: list[float] = []
    for each in servers:
        call = each.batch.call
        body = call.body([rows.header, *rows.raw] if each.title == RAW else rows.encoded)
        request = urllib.request.Request(
            f"http://127.0.0.1:{each.port}{call.path}", body.encode(), {"Content-Type": call.content_type}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                given = call.probabilities(answer.read())
        except urllib.error.HTTPError as error:
            raise JobError(f"{each.title} answers {error.code}: {error.read()[:400]!r}") from error
        expected = expected or given
        worst = max(abs(a - b) for a, b in zip(given, expected, strict=True))
        if worst > TOLERANCE:
            raise JobError(
                f"{each.title} answers differently: by up to {worst:g}; there is nothing to compare"
            )


def measure(figures: Figures, servers: Sequence[Server]) -> None:
    """All servers in turn, for some rounds."""
    found: dict[str, dict[str, list[float]]] = {each.title: {} for each in servers}
    for _ in range(ROUNDS):
        for each in servers:
            for what, value in measured(each).items():
                found[each.title].setdefault(what, []).append(value)
    ours = found.pop("ours")
    for what, values in ours.items():
        for title, theirs in found.items():
            figures.add(f"{what}, beside {title}", values, theirs[what], digits=3)
    # A server that does nothing shows how much of a tail is the machine's.
    for title, own in {"ours": ours, RAW: found[RAW], CONSTANT: found[CONSTANT]}.items():
        figures.add(f"p99 at 64 clients beside its own p50, {title}", own[P99], own[P50], digits=3)


def measured(each: Server) -> dict[str, float]:
    """One server's round."""
    alone, some, many, batch = (
        loaded(each.port, each.process, bodies, clients, SECONDS)
        for bodies, clients in ((each.one, 1), (each.one, CLIENTS), (each.one, MANY), (each.batch, 1))
    )
    return {
        "CPU microseconds a request at 8 clients": some.cpu,
        "requests a second at 8 clients": some.requests_per_second,
        "milliseconds p50 at 1 client": alone.p50,
        P50: many.p50,
        P99: many.p99,
        "milliseconds p50 of 1,000 rows": batch.p50,
        "CPU microseconds of 1,000 rows": batch.cpu,
    }


def measure_start(figures: Figures, image: str, folder: Path) -> None:
    """From the start of the process to the first 200 of its ping."""
    ours: list[float] = []
    theirs: dict[str, list[float]] = {peer.title: [] for peer in PEERS}
    for number in range(STARTS):
        ours.append(seconds_to_ping(image, folder / MODEL))
        for peer in PEERS:
            with running(peer, folder / f"{peer.name}-{number}", folder / "model.json") as started:
                theirs[peer.title].append(started.seconds)
    for title, seconds in theirs.items():
        figures.add(f"seconds from start to ping, beside {title}", ours, seconds)


def measure_memory(figures: Figures, servers: Sequence[Server]) -> None:
    """After the load; the constant server is gone, for it shares pages with ours."""
    ours, _, *peers = [(each.title, megabytes(each.process)) for each in servers]
    for title, size in peers:
        figures.add(f"megabytes in memory, beside {title}", [ours[1]], [size], digits=0)


def measure_processes(figures: Figures, image: str, folder: Path, bodies: Bodies) -> None:
    """Two serving processes beside one, and what the cores allow with the load on them too.

    A request of some rows costs the load little, so that it takes little from the second process.
    """
    found: dict[int, list[Load]] = {1: [], 2: []}
    with container(image, folder / MODEL, 1) as one, container(image, folder / MODEL, 2) as two:
        for _ in range(ROUNDS):
            for workers, place in ((1, one), (2, two)):
                found[workers].append(loaded(*place, bodies, MANY, SECONDS))
    what = f"at 64 clients of {SOME} rows, two processes beside one"
    both, alone = ([SOME * each.requests_per_second for each in found[workers]] for workers in (2, 1))
    figures.add(f"rows a second {what}", both, alone, digits=0)
    both, alone = ([1e6 * SOME / each.cpu for each in found[workers]] for workers in (2, 1))
    figures.add(f"rows a CPU second {what}", both, alone, digits=0)
    # A request costs the server's part and the load's; one process does without a core of the load's.
    allowed = [min(2, len(CORES) / (1 + each.generator_cpu / each.cpu)) for each in found[2]]
    figures.note(
        f"times the throughput of one process that {len(CORES)} cores allow", round(median(allowed), 2)
    )
