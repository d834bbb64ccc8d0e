"""Everything that runs functions, put together once."""

import logging

from slipway.aws import AwsClients
from slipway.clock import MovableClock
from slipway.containers.engine import Engine, ImageMissingError
from slipway.containers.images import Images
from slipway.containers.reaper import reap
from slipway.courier import AwayError, RefusedError, asking
from slipway.errors import FunctionError, FunctionParameterError
from slipway.executors.folder import folder_name
from slipway.executors.function import FunctionExecutor
from slipway.executors.function_containers import FunctionContainers, code_folder
from slipway.executors.function_events import Bury, FunctionEvents
from slipway.executors.function_invoker import FunctionInvoker
from slipway.executors.function_log import Clerk
from slipway.executors.function_pool import FunctionPool
from slipway.executors.work import Work
from slipway.jobs import aws_environment
from slipway.operations.function_invocations import FunctionInvocations
from slipway.operations.function_settings import FunctionSettings
from slipway.operations.functions import Functions as FunctionOperations
from slipway.protocol.dispatch import Operations
from slipway.protocol.runtime_api import PREFIX, RuntimeApi
from slipway.protocol.server import LaterAnswerer
from slipway.resources.document import Document
from slipway.resources.function import Code, LiveFunction
from slipway.resources.resource import Key, Kind, Owner
from slipway.settings import Settings
from slipway.staging import function_code
from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3Clients, S3Error
from slipway.store.store import Store
from slipway.telemetry.telemetry import Telemetry

log = logging.getLogger(__name__)

# Functions whose code is unpacked at a time.
WORKERS = 4


class Functions:
    """Lambda: what is answered of functions, who carries invocations out, and what their containers ask."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: MovableClock,
        engine: Engine,
        images: Images,
        s3_clients: S3Clients,
        telemetry: Telemetry,
        clients: AwsClients | None,
    ) -> None:
        self._store = store
        self._engine = engine
        self._jobs_dir = settings.jobs_dir
        self._job_network = settings.job_network
        source = _Source(settings, images, engine, s3_clients)
        containers = FunctionContainers(
            engine,
            settings.jobs_dir,
            settings.job_network,
            settings.port,
            source.python_image,
            lambda owner: aws_environment(settings, owner),
        )

        def on_line(function: LiveFunction, stream: str, moment: float, text: str) -> None:
            telemetry.on_function_line(function.key.owner, function.log_group, stream, moment, text)

        self._clerk = Clerk()
        self._pool = pool = FunctionPool(
            containers, settings.max_function_containers, settings.function_idle_seconds, on_line
        )
        invoker = FunctionInvoker(pool, containers, engine, self._clerk)
        self._events = FunctionEvents(
            store, clock, invoker, settings.function_retry_seconds, _burying(clients) if clients else None
        )
        executor = FunctionExecutor(store, clock, settings.jobs_dir, source.find, pool.retire)
        self._work = Work(Kind.FUNCTION, store, executor.carry_out, WORKERS, executor.fail)
        self.operations: Operations = {
            **FunctionOperations(store, clock, source, self._work.submit).operations,
            **FunctionSettings(store).operations,
            **FunctionInvocations(store, invoker, self._events.enqueue).operations,
        }
        self.pages: dict[str, LaterAnswerer] = {PREFIX: RuntimeApi(pool.session_of).answer}

    def start(self) -> None:
        """Remove the containers of an earlier process, and take up what it had promised."""
        # Containers of functions have to reach this process.
        self._engine.join_network(self._job_network)
        self.reap()
        self._clerk.start()
        self._pool.start()
        for function in self._store.in_statuses(Kind.FUNCTION, {"Pending", "Active"}):
            self._work.submit(function.key)
        self._events.start()

    def forget(self) -> None:
        """Leave nothing of functions that are not in the store any more."""
        for key in self._pool.functions():
            if self._store.get(key) is None:
                self._work.submit(key)

    def reap(self) -> None:
        """Remove every container of a function, and the files of those that are not in the store."""
        known = self._store.in_statuses(Kind.FUNCTION, {"Pending", "Active", "Failed"})
        # No container outlives the process that speaks its Runtime API.
        reap(self._engine, self._jobs_dir, Kind.FUNCTION, set(), {folder_name(each.key) for each in known})

    def close(self) -> None:
        """Carry out nothing more, and leave no container."""
        self._events.close()
        self._work.close()
        self._pool.close()
        self._clerk.close()


class _Source:
    """Archives from requests and S3, images from the engine."""

    def __init__(self, settings: Settings, images: Images, engine: Engine, s3_clients: S3Clients) -> None:
        self._settings = settings
        self._images = images
        self._engine = engine
        self._s3_clients = s3_clients

    def archive(self, owner: Owner, code: Document) -> bytes:
        """The archive that a request holds or names, and that can be unpacked."""
        content: bytes = code.get("ZipFile") or self._object(owner, code)
        function_code.check_archive(content)
        return content

    def _object(self, owner: Owner, code: Document) -> bytes:
        s3 = self._s3_clients.of(owner)
        try:
            return s3.read(code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion"))
        except S3Error as error:
            raise FunctionParameterError(
                f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.text}"
            ) from None
        except StagingError as error:
            raise FunctionError(str(error)) from error

    def kept(self, key: Key, archive: bytes) -> Code:
        """Have an archive where it survives this process."""
        digest, shown = function_code.sha256_of(archive)
        function_code.keep(archive, code_folder(self._settings.jobs_dir, key, digest))
        return Code(sha256=shown, size_bytes=len(archive), archive=digest)

    def image(self, image_uri: str) -> Code:
        """The image of a URI."""
        image_id = self.find(image_uri)
        if image_id is None:
            raise FunctionParameterError(
                f"Source image {image_uri} does not exist. Provide a valid source image: this Docker Engine "
                "has none of that name; build, tag or pull it, or name a local one for it in the file of "
                "SLIPWAY_IMAGE_MAP."
            )
        return Code(sha256=image_id.removeprefix("sha256:"), image_uri=image_uri, image_id=image_id)

    def find(self, image_uri: str) -> str | None:
        """The engine's id of an image; None where it has none."""
        try:
            return self._engine.image_id(self._images.resolve(image_uri))
        except ImageMissingError:
            return None

    def python_image(self) -> str:
        """What archives run on. Raises ImageMissingError."""
        reference = self._settings.lambda_image
        image_id = self.find(reference)
        if image_id is None:
            raise ImageMissingError(
                f"functions from archives run on the image {reference}, which this Docker Engine does not "
                "have; build it (make images IMAGE=lambda_python), or name another one in "
                "SLIPWAY_LAMBDA_IMAGE on the emulator"
            )
        return image_id


def _burying(clients: AwsClients) -> Bury:
    """Sends an event that was given up to the queue or topic that its function has for them."""

    def bury(function: LiveFunction, target: str, event: bytes, told: Document) -> None:
        service, owner, name = _target(target)
        attributes = {key: {"DataType": "String", "StringValue": value} for key, value in told.items()}
        message: Document = {"MessageAttributes": attributes}
        try:
            with asking():
                client = clients.of(service, owner)
                if service == "sqs":
                    url = client.get_queue_url(QueueName=name)["QueueUrl"]
                    client.send_message(QueueUrl=url, MessageBody=event.decode(), **message)
                else:
                    client.publish(TopicArn=target, Message=event.decode(), **message)
        except (AwayError, RefusedError) as error:
            # As on AWS: an event that its dead-letter target does not take is lost, and that is told.
            log.error("function_event.not_buried arn=%s target=%s reason=%s", function.arn, target, error)

    return bury


def _target(arn: str) -> tuple[str, Owner, str]:
    """The service, owner and name of a queue or a topic."""
    _, _, service, region, account_id, name = arn.split(":", 5)
    return service, Owner(account_id, region), name
