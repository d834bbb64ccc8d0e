"""SageMaker's monitoring schedules, put together once."""

from collections.abc import Callable
from contextlib import suppress

from slipway.api import Api
from slipway.clock import MovableClock
from slipway.executors.monitoring_execution import MonitoringExecutionExecutor
from slipway.executors.monitoring_jobs import MonitoringJobs
from slipway.executors.monitoring_schedule import MonitoringScheduleExecutor
from slipway.executors.monitoring_window import Windows
from slipway.executors.work import Work
from slipway.faults import Faults
from slipway.operations.monitoring_alerts import MonitoringAlerts
from slipway.operations.monitoring_executions import MonitoringExecutions
from slipway.operations.monitoring_schedules import MonitoringSchedules
from slipway.protocol.dispatch import Operations
from slipway.resources.monitoring_execution import ENDED
from slipway.resources.resource import Key, Kind, Resource
from slipway.settings import Settings
from slipway.staging.s3 import S3Clients
from slipway.store.store import Store

# Executions that are looked at at a time: each lists objects, none waits for a job.
TICKS = 4


class Monitoring:
    """Schedules and their executions: what is answered of them, and who starts and carries them out."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: MovableClock,
        api: Api,
        s3_clients: S3Clients,
        flush_captures: Callable[[], bool],
    ) -> None:
        faults = Faults(settings.fault, settings.state_dir)
        self._jobs = MonitoringJobs(store, api, s3_clients.of, faults, self._submit)
        windows = Windows(api, s3_clients.of, flush_captures)
        self._executor = MonitoringExecutionExecutor(
            store, api, windows, self._jobs, lambda: clock.ahead_seconds
        )
        self._work = Work(
            Kind.MONITORING_EXECUTION, store, self._executor.carry_out, TICKS, self._executor.fail
        )
        self._schedules = MonitoringScheduleExecutor(store, clock, api)
        clock.subscribe(self._schedules.ring)
        for listener in (self._schedules.changed, self._jobs.on_change, self._changed):
            store.subscribe(listener)
        self.operations: Operations = {
            **MonitoringSchedules(store, clock).operations,
            **MonitoringExecutions(store).operations,
            **MonitoringAlerts(store).operations,
        }

    def start(self) -> None:
        """Take up the executions that are unfinished, and start what is due."""
        self._work.resume()
        self._schedules.start()

    def forget(self) -> None:
        """Nothing is left of what there was."""
        self._jobs.clear()

    def close(self) -> None:
        """Begin nothing more; jobs go on without us."""
        self._schedules.close()
        self._work.close()

    def _changed(self, resource: Resource) -> None:
        """An execution that was made, or is to stop, is looked at; one that ended lets the next one begin."""
        if resource.key.kind is not Kind.MONITORING_EXECUTION:
            return
        if resource.status in ("Pending", "Stopping"):
            self._submit(resource.key)
        elif resource.status in ENDED:
            following = self._executor.next_of(resource)
            if following is not None:
                self._submit(following)

    def _submit(self, key: Key) -> None:
        # A pool that was closed takes nothing; the rows say the rest after the next start.
        with suppress(RuntimeError):
            self._work.submit(key)
