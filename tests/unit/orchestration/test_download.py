import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from orchestration.data_source import choose
from orchestration.download import canonical_digest, download
from orchestration.errors import DataError
from orchestration.project import DataFacts
from orchestration.settings import Settings

# UCI's own form: semicolons, texts in quotes, numbers bare.
UCI = b'"age";"job";"y"\n58;"management";"no"\n44;"admin.";"yes"\n'
SAME_ROWS = b"y,age,job\nno,58,management\nyes,44,admin.\n"
DIGEST = hashlib.sha256(b"age,job,y\n58,management,no\n44,admin.,yes\n").hexdigest()


def facts(**changes: object) -> DataFacts:
    return DataFacts.model_validate(
        {
            "file_name": "bank-full.csv",
            "rows": 2,
            "url": "https://example.invalid/bank.zip",
            "archive_path": ["bank.zip", "bank-full.csv"],
            "canonical_sha256": DIGEST,
            "citation": "Somebody",
            "licence": "CC BY 4.0",
            **changes,
        }
    )


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "-").replace("-dot-", "."), content)
    return buffer.getvalue()


def uci_archive(content: bytes = UCI) -> bytes:
    return zipped(**{"bank-dot-zip": zipped(**{"bank_full-dot-csv": content})})


class Publisher(HTTPServer):
    """An HTTP server on the loopback interface that serves one body."""

    body = uci_archive()
    status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/bank.zip"


class Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_published_file_is_kept_as_it_is_and_used_from_then_on(
    publisher: Publisher, tmp_path: Path
) -> None:
    file = download("bank", facts(), tmp_path, publisher.url)

    assert file.read_bytes() == UCI
    chosen = choose("bank", Settings.from_environ({}), tmp_path)
    assert (chosen.path, chosen.rows, chosen.source) == (file, 2, "an earlier make data")


def test_another_content_is_refused_and_nothing_is_kept(publisher: Publisher, tmp_path: Path) -> None:
    publisher.body = uci_archive(UCI.replace(b"58", b"59"))

    with pytest.raises(DataError, match="is not the file that this project was made for"):
        download("bank", facts(), tmp_path, publisher.url)

    assert not list(tmp_path.rglob("*.csv"))


def test_a_cut_archive_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.body = publisher.body[:40]

    with pytest.raises(DataError, match="complete zip archive"):
        download("bank", facts(), tmp_path, publisher.url)


def test_an_archive_without_the_file_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no file 'other\.zip'"):
        download("bank", facts(archive_path=["other.zip"]), tmp_path, publisher.url)


def test_a_refusing_server_is_named(publisher: Publisher, tmp_path: Path) -> None:
    publisher.status = 503

    with pytest.raises(DataError, match="cannot be fetched"):
        download("bank", facts(), tmp_path, publisher.url)


def test_without_a_network_the_way_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"`make run` works without it, on synthetic rows"):
        download("bank", facts(), tmp_path, "http://127.0.0.1:1/bank.zip", timeout_seconds=1)


def test_the_digest_does_not_depend_on_column_order_separator_or_quoting() -> None:
    assert canonical_digest(UCI) == canonical_digest(SAME_ROWS) == (2, DIGEST)


def test_the_digest_depends_on_the_order_of_rows() -> None:
    lines = SAME_ROWS.splitlines(keepends=True)

    assert canonical_digest(lines[0] + lines[2] + lines[1])[1] != DIGEST


def test_an_empty_file_has_no_rows() -> None:
    assert canonical_digest(b"")[0] == 0
