"""Holidays: of which country, in which years."""

from datetime import date

import pytest
from preprocess.forecasting.calendar import check_country, holidays_of
from preprocess.forecasting.cells import EPOCH
from smcontract.failure import ContractError

FIRST, LAST = (date(*day).toordinal() - EPOCH for day in ((2025, 12, 20), (2026, 1, 2)))


def test_the_years_of_the_data_and_two_more_are_known() -> None:
    found = holidays_of("GB", FIRST, LAST)

    # gov.uk lists them by division; Easter Monday is none in Scotland, and so none of all of the UK.
    assert found.dates["2025-12-25"] == "Christmas Day"
    assert found.dates["2026-04-03"] == "Good Friday"
    assert "2026-04-06" not in found.dates
    assert (min(found.dates), found.until) == ("2025-01-01", "2028-12-31")
    assert max(found.dates).startswith("2028-12-")


def test_a_part_of_a_country_has_its_own() -> None:
    # gov.uk: England and Wales.
    assert holidays_of("GB-ENG", FIRST, LAST).dates["2026-04-06"] == "Easter Monday"


def test_a_flag_is_one_on_a_holiday() -> None:
    # Christmas Day, Boxing Day and New Year's Day are days 5, 6 and 12 from 20 December on.
    assert holidays_of("GB", FIRST, LAST).flags(FIRST, 14) == [int(day in (5, 6, 12)) for day in range(14)]


@pytest.mark.parametrize(
    ("country", "told"),
    [
        ("England", r"holidays is 'England', .* it knows \d+ countries by ISO 3166-1"),
        ("GB-LDN", "holidays is 'GB-LDN', .* of GB it knows the parts .*SCT"),
    ],
)
def test_an_unknown_country_is_refused(country: str, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        check_country(country)
