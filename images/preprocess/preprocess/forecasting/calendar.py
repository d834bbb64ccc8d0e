"""Which days are holidays, where."""

from collections.abc import Mapping
from dataclasses import dataclass

import holidays
from smcontract.failure import ContractError

from preprocess.forecasting.cells import day_of, iso_day

# A model that is trained today forecasts for years.
YEARS_BEYOND = 2


@dataclass(frozen=True, slots=True)
class Holidays:
    """The public holidays of a country by ISO date, from the first year of the data up to `until`."""

    country: str
    until: str
    dates: Mapping[str, str]

    def flags(self, first_day: int, days: int) -> list[int]:
        """1 for each of the days from `first_day` on that is a holiday, 0 for the others."""
        found = {day_of(date) for date in self.dates}
        return [int(day in found) for day in range(first_day, first_day + days)]

    def document(self) -> dict[str, object]:
        """The holidays as panel.json holds them."""
        return {"country": self.country, "until": self.until, "dates": dict(self.dates)}


def check_country(country: str) -> None:
    """Raise ContractError where nobody knows the holidays of `country`."""
    _known(country, range(2025, 2026))


def holidays_of(country: str, first_day: int, last_day: int) -> Holidays:
    """The holidays of the years of these days and two more. Raises ContractError for an unknown country."""
    first, last = (int(iso_day(day)[:4]) for day in (first_day, last_day))
    last += YEARS_BEYOND
    found = _known(country, range(first, last + 1))
    dates = {day.isoformat(): str(name) for day, name in sorted(found.items())}
    return Holidays(country, f"{last}-12-31", dates)


def _known(country: str, years: range) -> "holidays.HolidayBase":
    """Of a country (ISO 3166-1: GB), or a part of one (ISO 3166-2: GB-SCT)."""
    code, _, part = country.partition("-")
    try:
        return holidays.country_holidays(code, subdiv=part or None, years=years)
    except NotImplementedError:
        known = holidays.list_supported_countries()
        way_out = (
            f"of {code} it knows the parts {', '.join(known[code]) or 'none'}"
            if code in known
            else f"it knows {len(known)} countries by ISO 3166-1, such as GB and DE"
        )
        raise ContractError(
            f"schema.json: holidays is '{country}', of which the holidays package knows nothing; {way_out}. "
            "Write one of them, or null for no holidays."
        ) from None
