"""places.csv: how many places of each kind are around each value of a column."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from preprocess.forecasting.schema import Location

LATITUDE, LONGITUDE = "latitude", "longitude"


@dataclass(frozen=True, slots=True)
class PlacesTable:
    """Locations and counts by the values of `column`; `counts` are in the order of `count_names`."""

    column: str
    count_names: tuple[str, ...]
    locations: Mapping[str, Location]
    counts: Mapping[str, tuple[int, ...]]

    def counts_of(self, value: str) -> tuple[int, ...]:
        """The counts around one of them."""
        return self.counts[value]

    def content(self) -> bytes:
        """The table as CSV with a header, sorted by the column."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([self.column, LATITUDE, LONGITUDE, *self.count_names])
        for value in sorted(self.counts):
            location = self.locations[value]
            writer.writerow([value, location.latitude, location.longitude, *self.counts[value]])
        return text.getvalue().encode()
