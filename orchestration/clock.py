"""The clock by which schedules plan: shown, and moved to where something is due."""

from dataclasses import dataclass
from datetime import datetime

from orchestration.errors import DriftError
from orchestration.handlers.windows import moment_text
from scripts.clock import DEFAULT_PORT, asked
from scripts.commands import SetupError


@dataclass(frozen=True, slots=True)
class Clock:
    """The emulator's; on AWS there is none that anybody moves."""

    port: str = DEFAULT_PORT

    def now(self) -> datetime:
        """What time it is there. Raises DriftError where nobody says."""
        return self._asked(None)

    def move(self, moment: datetime) -> None:
        """Make it that time, and all that is planned until then due. Raises DriftError, with the way out."""
        self._asked({"To": moment_text(moment)})

    def _asked(self, change: dict[str, str] | None) -> datetime:
        try:
            return datetime.fromisoformat(asked(self.port, change)["now"])
        except SetupError as error:
            raise DriftError(str(error)) from error
