"""What bad rows do to a job, in words."""

from fractions import Fraction

from preprocess.arguments import OnBadRows
from preprocess.report import REPORT, Report

# ExitMessage keeps a kilobyte; the rest is in the report.
_FAULTS_IN_MESSAGE = 3


def bad_rows_refusal(
    report: Report, good_rows: int, on_bad_rows: OnBadRows, max_bad_fraction: Fraction | None
) -> str | None:
    """Why rows are too bad, or too few are good; None where they will do."""
    if report.bad_rows and on_bad_rows is OnBadRows.FAIL:
        way_out = f"Mend them, or drop them with --on-bad-rows drop; {REPORT} lists them."
        return f"{_bad_rows(report)}. {_first_faults(report)} {way_out}"
    if not good_rows:
        return f"no good row in {report.rows_read:,}. {_first_faults(report)} {REPORT} lists all."
    if max_bad_fraction is not None and report.bad_rows > max_bad_fraction * report.rows_read:
        return (
            f"{_bad_rows(report)}, more than --max-bad-fraction {float(max_bad_fraction):g} allows. "
            f"{_first_faults(report)} {REPORT} lists them."
        )
    return None


def dropped_rows(report: Report) -> str:
    """What a job that dropped bad rows says of them."""
    return f"{_bad_rows(report)}; they were dropped and are listed in {REPORT}."


def _bad_rows(report: Report) -> str:
    return f"{report.bad_rows:,} of {report.rows_read:,} rows {'is' if report.bad_rows == 1 else 'are'} bad"


def _first_faults(report: Report) -> str:
    shown = "; ".join(str(fault) for fault in report.faults[:_FAULTS_IN_MESSAGE])
    more = len(report.faults) > _FAULTS_IN_MESSAGE or report.faults_truncated
    return f"{shown}; and more." if more else f"{shown}."
