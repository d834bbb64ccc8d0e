"""Synthetic bank-marketing rows: nobody's clients, drawn from a seed, with real signal in them.

The columns, their values and roughly their frequencies are those of the UCI
data set; the answer depends on duration, month, earlier contacts, housing and
some more, in the direction in which it does there. Figures on these rows say
that the machinery works and nothing about any bank.

Standard library only: it runs before the project's environment exists.
"""

import argparse
import csv
import math
import random
from collections.abc import Iterator
from pathlib import Path

COLUMNS = (
    *("age", "job", "marital", "education", "default", "balance", "housing", "loan", "contact", "day"),
    *("month", "duration", "campaign", "pdays", "previous", "poutcome", "y"),
)
# value: (how frequent it is, in parts of the whole; what it adds to the log-odds of a yes)
JOBS = {
    "blue-collar": (0.215, -0.3),
    "management": (0.209, 0.1),
    "technician": (0.168, 0.0),
    "admin.": (0.114, 0.2),
    "services": (0.092, -0.1),
    "retired": (0.05, 0.5),
    "self-employed": (0.035, 0.0),
    "entrepreneur": (0.033, -0.2),
    "unemployed": (0.029, 0.1),
    "housemaid": (0.027, -0.2),
    "student": (0.021, 0.8),
    "unknown": (0.007, 0.0),
}
MARITAL = {"married": (0.602, -0.1), "single": (0.283, 0.2), "divorced": (0.115, 0.0)}
EDUCATION = {
    "secondary": (0.513, 0.0),
    "tertiary": (0.294, 0.2),
    "primary": (0.152, -0.2),
    "unknown": (0.041, 0.1),
}
DEFAULT = {"no": (0.982, 0.0), "yes": (0.018, -0.4)}
HOUSING = {"yes": (0.556, -0.6), "no": (0.444, 0.4)}
LOAN = {"no": (0.84, 0.1), "yes": (0.16, -0.5)}
CONTACT = {"cellular": (0.648, 0.3), "unknown": (0.288, -1.2), "telephone": (0.064, 0.2)}
MONTHS = {
    "may": (0.304, -0.5),
    "jul": (0.153, -0.5),
    "aug": (0.138, -0.3),
    "jun": (0.118, 0.1),
    "nov": (0.088, -0.6),
    "apr": (0.065, 0.5),
    "feb": (0.059, 0.3),
    "jan": (0.031, -0.9),
    "oct": (0.016, 1.8),
    "sep": (0.013, 1.9),
    "mar": (0.011, 2.2),
    "dec": (0.004, 1.9),
}
OUTCOMES = {"failure": (0.594, 0.1), "other": (0.223, 0.3), "success": (0.183, 2.4)}

# Chosen so that about 12 rows in 100 say yes, as in the real data.
INTERCEPT = -3.75
# How much the known part of the log-odds counts; the rest of an answer is luck.
SIGNAL = 1.45


def rows(count: int, seed: int) -> Iterator[list[str]]:
    """`count` synthetic rows in the order of COLUMNS; the same for the same seed, everywhere."""
    draw = random.Random(seed)
    for _ in range(count):
        yield _row(draw)


def _row(draw: random.Random) -> list[str]:
    job, job_odds = _pick(draw, JOBS)
    age, marital, marital_odds = _person(draw, job)
    education, education_odds = _pick(draw, EDUCATION)
    default, default_odds = _pick(draw, DEFAULT)
    housing, housing_odds = _pick(draw, HOUSING)
    loan, loan_odds = _pick(draw, LOAN)
    contact, contact_odds = _pick(draw, CONTACT)
    month, month_odds = _pick(draw, MONTHS)
    day = draw.randint(1, 31)
    balance = round(draw.gauss(0, 120) + (draw.lognormvariate(6.4, 1.4) if draw.random() < 0.84 else -150))
    duration = max(4, round(draw.lognormvariate(5.2, 0.9)))
    campaign = min(60, 1 + int(draw.expovariate(0.56)))
    pdays, previous, outcome, earlier_odds = _earlier_contact(draw)
    log_odds = INTERCEPT + SIGNAL * (
        1.7 * (math.log(duration) - 5.2)
        + 0.06 * math.log1p(max(balance, 0))
        - 0.08 * (campaign - 1)
        + (0.5 if age > 60 else 0.0)
        + sum((job_odds, marital_odds, education_odds, default_odds, housing_odds, loan_odds))
        + sum((contact_odds, month_odds, earlier_odds))
    )
    answer = "yes" if draw.random() < 1 / (1 + math.exp(-log_odds)) else "no"
    numbers = [str(number) for number in (age, balance, day, duration, campaign, pdays, previous)]
    age_, balance_, day_, duration_, campaign_, pdays_, previous_ = numbers
    return [
        *(age_, job, marital, education, default, balance_, housing, loan, contact, day_),
        *(month, duration_, campaign_, pdays_, previous_, outcome, answer),
    ]


def _person(draw: random.Random, job: str) -> tuple[int, str, float]:
    centre, spread, low, high = {"student": (26, 5, 18, 48), "retired": (62, 10, 30, 95)}.get(
        job, (40, 9, 20, 70)
    )
    age = min(high, max(low, round(draw.gauss(centre, spread))))
    marital, odds = _pick(draw, {**MARITAL, "single": (0.9 if age < 30 else 0.2, 0.2)})
    return age, marital, odds


def _earlier_contact(draw: random.Random) -> tuple[int, int, str, float]:
    if draw.random() < 0.817:
        return -1, 0, "unknown", -0.2
    outcome, odds = _pick(draw, OUTCOMES)
    return draw.randint(1, 400), min(40, 1 + int(draw.expovariate(0.4))), outcome, odds + 0.4


def _pick(draw: random.Random, choices: dict[str, tuple[float, float]]) -> tuple[str, float]:
    value = draw.choices(list(choices), [frequency for frequency, _ in choices.values()])[0]
    return value, choices[value][1]


def write_rows(path: Path, count: int, seed: int) -> None:
    """Write `count` synthetic rows with a header to `path`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows(count, seed))


def main() -> None:
    """Write a file of synthetic rows."""
    parser = argparse.ArgumentParser(description="Write synthetic bank-marketing rows.")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    write_rows(arguments.output, arguments.rows, arguments.seed)
    print(f"{arguments.rows:,} synthetic rows (seed {arguments.seed}) in {arguments.output}")


if __name__ == "__main__":
    main()
