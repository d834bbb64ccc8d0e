"""Everything that runs training and processing jobs, put together once."""

from slipway.clock import Clock, SystemClock
from slipway.containers.engine import Engine
from slipway.containers.images import Images
from slipway.containers.reaper import reap
from slipway.executors.contract import Contract, Listener, Tools
from slipway.executors.folder import folder_name
from slipway.executors.job import JobExecutor
from slipway.executors.processing_job import ProcessingContract
from slipway.executors.training_job import TrainingContract
from slipway.executors.work import Work
from slipway.faults import Faults
from slipway.operations.processing_jobs import ProcessingJobs
from slipway.operations.training_jobs import TrainingJobs
from slipway.protocol.dispatch import Operations
from slipway.protocol.identity import DEFAULT_ACCOUNT
from slipway.resources.lifecycle import unfinished
from slipway.resources.resource import Key, Owner
from slipway.settings import Settings
from slipway.staging.s3 import S3Clients
from slipway.store.store import Store


class Jobs:
    """Training and processing jobs: what is answered of them, and who carries them out."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        engine: Engine,
        images: Images,
        s3_clients: S3Clients,
        listener: Listener,
    ) -> None:
        faults = Faults(settings.fault, settings.state_dir)
        tools = Tools(
            store=store,
            clock=clock,
            real_clock=SystemClock(),
            engine=engine,
            images=images,
            jobs_dir=settings.jobs_dir,
            job_network=settings.job_network,
            capacity=engine.capacity(),
            environment_of=lambda owner: aws_environment(settings, owner),
            faults=faults,
            listener=listener,
            keep_failed=settings.keep_failed,
        )
        self._training = _Line(TrainingContract(s3_clients, faults), tools, settings.max_jobs)
        self._processing = _Line(
            ProcessingContract(s3_clients, faults, listener.on_metric_data), tools, settings.max_jobs
        )
        self.operations: Operations = {
            **TrainingJobs(store, clock, self._training.submit).operations,
            **ProcessingJobs(store, clock, self._processing.submit).operations,
        }

    def start(self) -> None:
        """Remove what earlier jobs left, and take up those that are unfinished."""
        for line in (self._training, self._processing):
            line.reap()
            line.work.resume()

    def close(self) -> None:
        """Start nothing more; containers go on without us."""
        for line in (self._training, self._processing):
            line.work.close()


class _Line:
    """Who carries out the jobs of one kind, a few at a time."""

    def __init__(self, contract: Contract, tools: Tools, workers: int) -> None:
        self._tools = tools
        self._executor = JobExecutor(contract, tools)
        self.work = Work(contract.kind, tools.store, self._executor.carry_out, workers, self._executor.fail)

    def submit(self, key: Key) -> None:
        """Have a job carried out, or looked at where that is happening."""
        self._executor.nudge(key)
        self.work.submit(key)

    def reap(self) -> None:
        """Remove containers, networks and folders of jobs that have ended or were forgotten."""
        store, kind = self._tools.store, self.work.kind
        wanted = store.in_statuses(kind, unfinished(kind))
        wanted += [job for job in store.in_statuses(kind, {"Failed"}) if job.internal.get("kept")]
        reap(
            self._tools.engine,
            self._tools.jobs_dir,
            kind,
            {job.arn for job in wanted},
            {folder_name(job.key) for job in wanted},
        )


def aws_environment(settings: Settings, owner: Owner) -> dict[str, str]:
    """The variables with which a container's own AWS client reaches the services here, as its job's owner."""
    is_default = owner.account_id == DEFAULT_ACCOUNT
    environment = {
        "AWS_REGION": owner.region,
        "AWS_DEFAULT_REGION": owner.region,
        # LocalStack's rule: an access key of twelve digits is the account.
        "AWS_ACCESS_KEY_ID": settings.access_key_id if is_default else owner.account_id,
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key,
    }
    endpoint_url = settings.container_endpoint_url or settings.aws_endpoint_url
    if endpoint_url is not None:
        return environment | {"AWS_ENDPOINT_URL": endpoint_url}
    return environment | {"AWS_ENDPOINT_URL_S3": settings.s3_endpoint_url}
