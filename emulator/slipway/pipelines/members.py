"""One object of a definition's JSON, whose members are read by type and refused by name."""

from typing import NoReturn, cast

from slipway.pipelines.parts import DefinitionError
from slipway.resources.document import Document

SHOWN = 200
LIMIT_MESSAGE = 1000


def refuse(message: str) -> NoReturn:
    """Raise DefinitionError; names in a message may be of any length, the message is not."""
    raise DefinitionError(message if len(message) <= LIMIT_MESSAGE else f"{message[:LIMIT_MESSAGE]}…")


def shown(value: object) -> str:
    """A value for a message, not longer than is useful."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class Members:
    """The members of the object at `place`; a member that is null counts as absent."""

    def __init__(self, place: str, document: object) -> None:
        if not isinstance(document, dict):
            refuse(f"{place} is an object, not {shown(document)}")
        self.place = place
        self.document: Document = document

    def allow(self, *names: str) -> None:
        """Refuse members with other names."""
        for name, value in self.document.items():
            if name not in names and value is not None:
                known = ", ".join(names)
                refuse(f"{self.place} has a member {shown(name)} that is not carried out; those are {known}")

    def absent(self, name: str) -> bool:
        """Whether there is no such member."""
        return self.document.get(name) is None

    def required(self, name: str) -> object:
        """A member of any type."""
        if self.absent(name):
            refuse(f"{self.place} lacks {name}")
        return self.document[name]

    def text(self, name: str, default: str | None = None) -> str:
        """A text, required where there is no default."""
        return cast(str, self._typed(name, default, str, "a text"))

    def flag(self, name: str, default: bool | None = None) -> bool:
        """A boolean."""
        return cast(bool, self._typed(name, default, bool, "true or false"))

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """A number from `low` to `high`."""
        value = cast(float, self._typed(name, default, (int, float), "a number"))
        if not low <= value <= high:
            refuse(f"{self.place}: {name} is from {low:g} to {high:g}, not {shown(value)}")
        return float(value)

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        value = self.number(name, low, high, default)
        if value != int(value):
            refuse(f"{self.place}: {name} is a whole number, not {shown(value)}")
        return int(value)

    def items(self, name: str, *, required: bool = False) -> list[object]:
        """A list; empty where it is absent and not required."""
        return cast("list[object]", self._typed(name, None if required else [], list, "a list"))

    def members(self, name: str) -> "Members":
        """An object whose members are read in turn."""
        return Members(f"{self.place}: {name}", self.required(name))

    def plain(self, name: str, default: Document | None = None) -> Document:
        """An object that is taken as it is."""
        return cast(Document, self._typed(name, default, dict, "an object"))

    def expression(self, name: str) -> object:
        """A text, or a reference or function in its place."""
        return self._typed(name, None, (str, dict), "a text or a reference")

    def _typed(self, name: str, default: object, types: type | tuple[type, ...], wanted: str) -> object:
        value = self.document.get(name)
        if value is None:
            return self.required(name) if default is None else default
        # bool is an int to Python, not to JSON.
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            refuse(f"{self.place}: {name} is {wanted}, not {shown(value)}")
        return value
