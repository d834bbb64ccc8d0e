"""ISO 8601 durations, as ExpireAfter of a CacheConfig has them."""

import re

# A year and a month are as long as they are on average in the Gregorian calendar.
_SECONDS = {
    "years": 365.2425 * 86400,
    "months": 365.2425 * 86400 / 12,
    "weeks": 7 * 86400,
    "days": 86400,
    "hours": 3600,
    "minutes": 60,
    "seconds": 1,
}
_NUMBER = r"[0-9]{1,9}(?:[.,][0-9]{1,9})?"
# The developer guide's own examples are "30d", "5y", "T16m" and "30dT5h", the SDK's 'p30d' and
# 'T12H': letters of either case, and no P.
_DURATION = re.compile(
    rf"P?(?:(?P<years>{_NUMBER})Y)?(?:(?P<months>{_NUMBER})M)?(?:(?P<weeks>{_NUMBER})W)?(?:(?P<days>{_NUMBER})D)?"
    rf"(?:T(?=[0-9])(?:(?P<hours>{_NUMBER})H)?(?:(?P<minutes>{_NUMBER})M)?(?:(?P<seconds>{_NUMBER})S)?)?",
    re.IGNORECASE | re.ASCII,
)


def seconds_of(text: str) -> float | None:
    """The length of a duration such as P30D or PT1H30M; None where `text` is none."""
    found = _DURATION.fullmatch(text)
    lengths = {unit: length for unit, length in found.groupdict().items() if length} if found else {}
    if not lengths:
        return None
    return sum(float(length.replace(",", ".")) * _SECONDS[unit] for unit, length in lengths.items())
