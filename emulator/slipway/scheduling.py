"""EventBridge Scheduler, put together once."""

from slipway.api import Api
from slipway.aws import AwsClients
from slipway.clock import MovableClock, SystemClock
from slipway.executors.delivery import Delivery
from slipway.executors.firing import FiringExecutor
from slipway.executors.schedule import ScheduleExecutor
from slipway.faults import Faults
from slipway.operations.schedule_groups import ScheduleGroups
from slipway.operations.schedules import Schedules
from slipway.protocol.dispatch import Operations
from slipway.settings import Settings
from slipway.store.firings import Firings
from slipway.store.store import Store


class Scheduling:
    """Schedules and their groups: what is answered of them, and who fires them."""

    def __init__(
        self, settings: Settings, store: Store, clock: MovableClock, clients: AwsClients | None, api: Api
    ) -> None:
        firings = Firings(store)
        faults = Faults(settings.fault, settings.state_dir)
        executor = FiringExecutor(firings, Delivery(api, clients), clock, SystemClock(), faults)
        self._executor = ScheduleExecutor(store, firings, clock, executor)
        clock.subscribe(self._executor.ring)
        store.subscribe(self._executor.changed)
        self.operations: Operations = {
            **ScheduleGroups(store, firings, clock).operations,
            **Schedules(store, firings, clock, is_alone=clients is None).operations,
        }

    def start(self) -> None:
        """Fire what is due, and what came due while nobody was here."""
        self._executor.start()

    def close(self) -> None:
        """Fire nothing more; the timetable says the rest after the next start."""
        self._executor.close()
