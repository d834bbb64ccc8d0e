"""A Java virtual machine of our own, with Spark and Deequ on its class path."""

import logging
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway
from py4j.protocol import Py4JJavaError
from smcontract.failure import ContractError

log = logging.getLogger(__name__)

JAVA = Path("/opt/java/bin/java")
CLASS_ARCHIVE = Path("/opt/java/lib/monitor.jsa")
# Up to here compiling for speed costs more than it brings: 16 columns took 9.3 s
# against 10.8 s at 1e5 rows, and 30.3 s against 23.6 s at 1e6 (two cores).
SMALL_ROWS = 100_000
START_SECONDS = 120
# Spark reaches into the platform's own classes (org.apache.spark.launcher.JavaModuleOptions).
_OPENED = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util"),
    *("java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref", "sun.nio.ch", "sun.nio.cs"),
    *("sun.security.action", "sun.util.calendar"),
)
# A job without a network does not even know its own name, which the JVM asks for.
_HOSTS = "hosts"
_USER = "monitor"
_ENVIRONMENT = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost", "SPARK_USER": _USER}
_POLL = threading.Event()


class Spark:
    """A session, and what Scala needs said twice in another language.

    Only what is alike in every job is here; Java's objects are Any.
    """

    def __init__(self, jvm: Any, session: Any) -> None:
        self.jvm = jvm
        self.session = session
        self._converters = jvm.scala.collection.JavaConverters
        self.none = jvm.scala.Option.empty()

    def some(self, value: Any) -> Any:
        """Scala's Some."""
        return self.jvm.scala.Option.apply(value)

    def sequence(self, items: Iterable[Any]) -> Any:
        """Scala's Seq."""
        return self._converters.asScalaBufferConverter(list(items)).asScala().toSeq()

    def single(self, class_name: str) -> Any:
        """The one instance of a Scala object."""
        return self.jvm.java.lang.Class.forName(f"{class_name}$").getField("MODULE$").get(None)

    def select(self, frame: Any, expressions: Iterable[str]) -> Any:
        """Columns of `frame` by SQL."""
        return frame.selectExpr(self.sequence(expressions))


def jars() -> list[Path]:
    """Every jar of the class path, in one order: the class archive is valid for this order alone."""
    package = find_spec("pyspark")
    if package is None or package.origin is None:
        raise ContractError("pyspark is not installed in this image; build it again.")
    return sorted(Path(package.origin).parent.joinpath("jars").glob("*.jar"))


def java_command(rows: int, temporary: Path) -> list[str]:
    """What starts the JVM: `rows` decide how eagerly it compiles."""
    small = rows <= SMALL_ROWS
    configuration = {
        "spark.app.name": "monitor",
        "spark.master": "local[*]",
        "spark.ui.enabled": "false",
        "spark.driver.host": "localhost",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(temporary),
        "spark.sql.warehouse.dir": str(temporary),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(_cores()),
        "spark.sql.ui.retainedExecutions": "1",
        "spark.sql.debug.maxToStringFields": "25",
        "java.io.tmpdir": str(temporary),
        "jdk.net.hosts.file": str(temporary / _HOSTS),
        "log4j2.configurationFile": str(Path(__file__).with_name("log4j2.properties")),
    }
    return [
        str(JAVA),
        *(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] if small else ["-XX:+UseParallelGC"]),
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
        "-Djdk.reflect.useDirectMethodHandle=false",
        *(f"-XX:SharedArchiveFile={CLASS_ARCHIVE}" for archive in [CLASS_ARCHIVE] if archive.is_file()),
        "-XX:MaxRAMPercentage=60",
        *(f"-D{name}={value}" for name, value in configuration.items()),
        *("-cp", ":".join(map(str, jars()))),
        "org.apache.spark.api.python.PythonGatewayServer",
    ]


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@contextmanager
def running_spark(rows: int) -> Iterator[Spark]:
    """A session fit for about `rows` rows; the JVM is gone at the end.

    Raises ContractError where Deequ is not on the class path: nothing else here
    computes statistics.
    """
    with TemporaryDirectory(prefix="monitor-") as folder:
        connection = Path(folder) / "connection"
        Path(folder, _HOSTS).write_text(f"127.0.0.1 localhost {socket.gethostname()}\n", encoding="ascii")
        process = subprocess.Popen(
            java_command(rows, Path(folder)),
            stdin=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(connection)},
        )
        try:
            gateway = _connected(process, connection)
            try:
                yield _session(gateway)
            except Py4JJavaError as error:
                # Without the JVM's trace, which says nothing to whoever sent the data.
                cause = str(error.java_exception.toString()).splitlines()[0]
                raise ContractError(f"Spark cannot process the data: {cause[:600]}") from None
            finally:
                gateway.shutdown()
        finally:
            # The server ends with its input.
            process.communicate()


def _connected(process: subprocess.Popen[bytes], connection: Path) -> JavaGateway:
    waited = 0.0
    while not connection.exists():
        if process.poll() is not None:
            raise RuntimeError(f"Java ended with exit code {process.returncode} before Spark was up")
        if waited > START_SECONDS:
            process.kill()
            raise RuntimeError(f"Java did not start within {START_SECONDS} s")
        _POLL.wait(0.01)
        waited += 0.01
    port, length = struct.unpack(">ii", connection.read_bytes()[:8])
    token = connection.read_bytes()[8 : 8 + length].decode()
    return JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token, auto_convert=True))


def _session(gateway: JavaGateway) -> Spark:
    # Hadoop asks the system for a name of the user, and there is none for just any uid.
    users = gateway.jvm.org.apache.hadoop.security.UserGroupInformation
    users.setLoginUser(users.createRemoteUser(_USER))
    session = gateway.jvm.org.apache.spark.sql.SparkSession.builder().getOrCreate()
    loader = gateway.jvm.java.lang.Thread.currentThread().getContextClassLoader()
    if loader.getResource("com/amazon/deequ/analyzers/KLLSketch.class") is None:
        raise ContractError("Deequ is not on the class path of this image; build the image again.")
    log.info("spark.started version=%s cores=%d", session.version(), _cores())
    return Spark(gateway.jvm, session)
