"""A Java virtual machine of our own, with Spark and Deequ on its class path."""

import logging
import os
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaClass, JavaGateway, JavaPackage, java_import
from py4j.protocol import Py4JJavaError
from smcontract.failure import ContractError

log = logging.getLogger(__name__)

JAVA = Path("/opt/java/bin/java")
CLASS_ARCHIVE = Path("/opt/java/lib/monitor.jsa")
# Up to so many values compiling for speed costs more than it brings: of 16 columns
# 200,000 rows took 53 s of CPU with it and 51 s without, and 1e6 rows 24 s against 30 s by the clock.
SMALL_CELLS = 4_000_000
# What does not fit Spark keeps on disk. A heap of three fifths of the memory, up to
# here: ten million rows need no more, and a collector takes what it is given.
_HEAP_SHARE = 0.6
_MOST_HEAP_MEGABYTES = 3072
_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
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
# What PySpark looks up without a package (pyspark.java_gateway.launch_gateway).
_IMPORTED = (
    *("org.apache.spark.SparkConf", "org.apache.spark.api.java.*", "org.apache.spark.api.python.*"),
    "org.apache.spark.sql.*",
)
_POLL = threading.Event()


class Names:
    """Java's packages and classes, each looked up once.

    Every dot of `jvm.com.amazon.deequ.analyzers.Mean` asks the JVM, and pydeequ
    spells that out for each analyzer of each column.
    """

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        """What the JVM has by this name; asked once, for what is set is found without this."""
        found = getattr(self._target, name)
        if isinstance(found, JavaPackage | JavaClass):
            found = Names(found)
        setattr(self, name, found)
        return found

    def __call__(self, *arguments: Any) -> Any:
        """A new object of the class."""
        return self._target(*arguments)


class Spark:
    """A session, and what Scala needs said twice in another language.

    `python` is PySpark's session, which pydeequ wants, and `session` is Java's.
    Only what is alike in every job is here; Java's objects are Any.
    """

    def __init__(self, jvm: Any, python: Any) -> None:
        self.python = python
        self.session = python._jsparkSession
        self.jvm = jvm
        self._converters = jvm.scala.collection.JavaConverters

    def sequence(self, items: Iterable[Any]) -> Any:
        """Scala's Seq."""
        return self._converters.asScalaBufferConverter(list(items)).asScala().toSeq()

    def select(self, frame: Any, expressions: Iterable[str]) -> Any:
        """Columns of `frame` by SQL."""
        return frame.selectExpr(self.sequence(expressions))


def jars() -> list[Path]:
    """Every jar of the class path, in one order: the class archive is valid for this order alone."""
    package = find_spec("pyspark")
    if package is None or package.origin is None:
        raise ContractError("pyspark is not installed in this image; build it again.")
    return sorted(Path(package.origin).parent.joinpath("jars").glob("*.jar"))


def java_command(cells: int, temporary: Path) -> list[str]:
    """What starts the JVM: as many values as there are decide how eagerly it compiles."""
    small = cells <= SMALL_CELLS
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
        # Planning anew between stages brings nothing to two cores, and writes each plan out for pages that
        # nobody opens: of wide data that is most of a job.
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.ui.explainMode": "simple",
        "spark.sql.ui.retainedExecutions": "1",
        "spark.sql.debug.maxToStringFields": "25",
        # A query of more fields is compiled anew by every task; one of a thousand is too much to compile.
        "spark.sql.codegen.maxFields": "600",
        "java.io.tmpdir": str(temporary),
        "jdk.net.hosts.file": str(temporary / _HOSTS),
        "log4j2.configurationFile": str(Path(__file__).with_name("log4j2.properties")),
    }
    return [
        str(JAVA),
        # Each time one of these is full all of the heap is collected, and Spark fills the defaults.
        *("-XX:MetaspaceSize=192m", "-XX:ReservedCodeCacheSize=240m"),
        *(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] if small else ["-XX:+UseParallelGC"]),
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
        "-Djdk.reflect.useDirectMethodHandle=false",
        *(f"-XX:SharedArchiveFile={CLASS_ARCHIVE}" for archive in [CLASS_ARCHIVE] if archive.is_file()),
        f"-Xmx{_heap_megabytes()}m",
        *(f"-D{name}={value}" for name, value in configuration.items()),
        *("-cp", ":".join(map(str, jars()))),
        "org.apache.spark.api.python.PythonGatewayServer",
    ]


def _heap_megabytes() -> int:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _MEMORY_LIMIT.read_text(encoding="ascii").strip() if _MEMORY_LIMIT.is_file() else ""
    if limit.isdigit():
        memory = min(memory, int(limit))
    return min(int(_HEAP_SHARE * memory / 2**20), _MOST_HEAP_MEGABYTES)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@contextmanager
def running_spark(cells: int) -> Iterator[Spark]:
    """A session fit for about `cells` values; the JVM is gone at the end.

    Raises ContractError where Deequ is not on the class path: nothing else here
    computes statistics.
    """
    with TemporaryDirectory(prefix="monitor-") as folder:
        connection = Path(folder) / "connection"
        Path(folder, _HOSTS).write_text(f"127.0.0.1 localhost {socket.gethostname()}\n", encoding="ascii")
        process = subprocess.Popen(
            java_command(cells, Path(folder)),
            stdin=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(connection)},
        )
        try:
            # Importing takes a third of a second, and the JVM longer to start.
            import_module("pydeequ.analyzers")
            from pyspark.errors.exceptions.captured import CapturedException

            gateway = _connected(process, connection)
            try:
                yield _session(gateway)
            except (Py4JJavaError, CapturedException) as error:
                raise ContractError(f"Spark cannot process the data: {_cause(error)[:600]}") from None
            finally:
                gateway.shutdown()
        finally:
            # The server ends with its input.
            process.communicate()


def _cause(error: Any) -> str:
    """The error without the JVM's trace, which says nothing to whoever sent the data."""
    thrown = error.java_exception if isinstance(error, Py4JJavaError) else error._origin
    return str(thrown.toString()).splitlines()[0]


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
    return JavaGateway(
        gateway_parameters=GatewayParameters(
            port=port,
            auth_token=token,
            auto_convert=True,
            # What Java keeps for us goes with the JVM; to let go of it is a call for each object.
            enable_memory_management=False,
        )
    )


def _session(gateway: JavaGateway) -> Spark:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    jvm = gateway.jvm
    # Hadoop asks the system for a name of the user, and there is none for just any uid.
    users = jvm.org.apache.hadoop.security.UserGroupInformation
    users.setLoginUser(users.createRemoteUser(_USER))
    for name in _IMPORTED:
        java_import(jvm, name)
    # A context takes SIGINT, which is a job's signal to stop.
    interrupted = signal.getsignal(signal.SIGINT)
    session = SparkSession(SparkContext(gateway=gateway))
    signal.signal(signal.SIGINT, interrupted)
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    if loader.getResource("com/amazon/deequ/analyzers/KLLSketch.class") is None:
        raise ContractError("Deequ is not on the class path of this image; build the image again.")
    names = session._jvm = Names(jvm)
    log.info("spark.started version=%s cores=%d", session.version, _cores())
    return Spark(names, session)
