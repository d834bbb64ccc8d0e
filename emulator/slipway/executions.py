"""Everything that carries out pipelines, put together once."""

import secrets
import string
from contextlib import suppress

from slipway.api import Api
from slipway.aws import AwsClients
from slipway.clock import Clock, SystemClock
from slipway.courier import AwayError, RefusedError, asking
from slipway.errors import ServiceUnavailable, ValidationException
from slipway.executors.pipeline.attempts import Attempts
from slipway.executors.pipeline.callbacks import CallbackRunner, SendMessage
from slipway.executors.pipeline.decisions import ConditionRunner, FailRunner
from slipway.executors.pipeline.documents import Documents
from slipway.executors.pipeline.errands import Errands
from slipway.executors.pipeline.execution import ExecutionExecutor, Parts
from slipway.executors.pipeline.functions import LambdaRunner
from slipway.executors.pipeline.job_watch import JobWatch
from slipway.executors.pipeline.jobs import PROCESSING, TRAINING, JobRunner, JobWords
from slipway.executors.pipeline.quality_checks import QualityCheckRunner
from slipway.executors.pipeline.registry import ModelRunner, RegisterModelRunner
from slipway.executors.pipeline.results import Results
from slipway.executors.pipeline.timer import Timer
from slipway.executors.work import Work
from slipway.faults import Faults
from slipway.operations.pipeline_callbacks import PipelineCallbacks
from slipway.operations.pipeline_definitions import ReadObject
from slipway.operations.pipeline_executions import PipelineExecutions
from slipway.operations.pipeline_versions import PipelineVersions
from slipway.operations.pipelines import Pipelines
from slipway.operations.step_arguments import StepArguments
from slipway.pipelines.parts import StepType
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import ServiceModels
from slipway.resources.resource import Key, Kind, Owner
from slipway.settings import Settings
from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3Clients
from slipway.store.store import Store

# Ticks are short: they read and write rows.
TICKS = 4
# Objects that are read and messages that are sent, at a time; and functions that are waited for.
ERRANDS = 8
INVOCATIONS = 32

ALPHABET = string.ascii_letters + string.digits
IDENTITY_LENGTH = 10  # of a callback's token (API reference) and of what ends a job's name


class Executions:
    """Pipelines and their executions: what is answered of them, and who carries them out."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        api: Api,
        clients: AwsClients | None,
        s3_clients: S3Clients,
        models: ServiceModels,
    ) -> None:
        self._errands = Errands("errand", ERRANDS)
        self._invocations = Errands("invocation", INVOCATIONS)
        self._timer = Timer("executions", self._submit)
        self._watch = JobWatch(self._submit)
        faults, real_clock = Faults(settings.fault, settings.state_dir), SystemClock()
        results = Results(store, clock)

        def job_runner(words: JobWords) -> JobRunner:
            return JobRunner(words, results, self._watch, faults)

        executor = ExecutionExecutor(
            Parts(
                store=store,
                clock=clock,
                real_clock=real_clock,
                api=api,
                reader=Documents(s3_clients, self._errands, self._submit).reader,
                attempts=Attempts(clock, real_clock, new_identity),
                timer=self._timer,
                errands=(self._errands, self._invocations),
            ),
            {
                StepType.PROCESSING: job_runner(PROCESSING),
                StepType.TRAINING: job_runner(TRAINING),
                StepType.QUALITY_CHECK: QualityCheckRunner(job_runner(PROCESSING)),
                StepType.MODEL: ModelRunner(faults),
                StepType.REGISTER_MODEL: RegisterModelRunner(faults),
                StepType.CONDITION: ConditionRunner(),
                StepType.FAIL: FailRunner(),
                StepType.LAMBDA: LambdaRunner(self._invocations, self._timer, self._submit, real_clock),
                StepType.CALLBACK: CallbackRunner(self._errands, self._submit, sender(clients)),
            },
        )
        self._work = Work(Kind.PIPELINE_EXECUTION, store, executor.carry_out, TICKS, executor.fail)
        store.subscribe(self._watch.on_change)
        self.operations: Operations = {
            **Pipelines(store, clock, reader(s3_clients), StepArguments(models)).operations,
            **PipelineVersions(store).operations,
            **PipelineExecutions(store, clock, self._submit).operations,
            **PipelineCallbacks(store, clock, self._submit).operations,
        }

    def start(self) -> None:
        """Take up the executions that are unfinished."""
        self._timer.start()
        self._work.resume()

    def forget(self) -> None:
        """Nothing is left of what there was."""
        self._watch.clear()
        self._errands.forget_all()
        self._invocations.forget_all()

    def close(self) -> None:
        """Begin nothing more; jobs go on without us."""
        self._timer.close()
        self._work.close()
        self._errands.close()
        self._invocations.close()

    def _submit(self, key: Key) -> None:
        # A pool that was closed takes nothing; the rows say the rest after the next start.
        with suppress(RuntimeError):
            self._work.submit(key)


def new_identity() -> str:
    """Ten letters and digits that nobody has had."""
    return "".join(secrets.choice(ALPHABET) for _ in range(IDENTITY_LENGTH))


def reader(s3_clients: S3Clients) -> ReadObject:
    """What reads a definition that is an object."""

    def read(owner: Owner, bucket: str, key: str, version: str | None) -> bytes:
        try:
            return s3_clients.of(owner).read(bucket, key, version)
        except StagingError as error:
            raise ValidationException(
                f"The definition s3://{bucket}/{key} cannot be read: {error}"
            ) from error

    return read


def sender(clients: AwsClients | None) -> SendMessage:
    """What puts a text on a queue of SQS, and refuses in AWS's way."""

    def send(owner: Owner, queue_url: str, text: str) -> None:
        if clients is None:
            raise ValidationException("There is no SQS here: AWS_ENDPOINT_URL is not set.")
        try:
            with asking():
                clients.of("sqs", owner).send_message(QueueUrl=queue_url, MessageBody=text)
        except AwayError as error:
            raise ServiceUnavailable(str(error)) from error
        except RefusedError as error:
            raise ValidationException(str(error)) from error

    return send
