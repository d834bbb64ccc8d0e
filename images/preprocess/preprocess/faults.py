"""What is wrong with a row, and where."""

from dataclasses import dataclass

# Long enough to recognise a value, short enough for a list of a thousand.
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad cell, or one bad row where no column is to blame (`column` is None).

    `line` is the line of the CSV file at which the row begins, the header being
    line 1; in a Parquet file it is the row's number, from 1.
    """

    file: str
    line: int
    column: str | None
    value: str | None
    reason: str

    def document(self) -> dict[str, object]:
        """The fault as report.json lists it."""
        value = self.value
        if value is not None and len(value) > SHOWN_CHARACTERS:
            value = value[:SHOWN_CHARACTERS] + "…"
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "value": value,
            "reason": self.reason,
        }

    def __str__(self) -> str:
        """The fault in a sentence's part, as messages list it."""
        place = f"{self.file} line {self.line}"
        if self.column is None:
            return f"{place}: {self.reason}"
        return f"{place}, column '{self.column}': {shown(self.value)} {self.reason}"


def shown(value: str | None) -> str:
    """The value as a message quotes it: in quotes, and not too long."""
    text = repr(value or "")
    return text if len(text) <= 60 else text[:56] + "…'"
