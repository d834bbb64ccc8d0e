"""A small project for the train_xgb image: seeded rows with real signal, raw and encoded.

Raw features are age, rate (may be empty), job and contact (may be empty); the
target is y. What preprocessing would do is spelled out here once more, on
purpose: the image's own encoding is what these rows check.
"""

import json
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.job_roots import write_evaluation_files, write_training_files

JOBS = {"admin.": "job_admin", "blue-collar": "job_blue_collar", "student": "job_student"}
CONTACTS = {"by letter, post": "contact_letter", "phone": "contact_phone"}
AGE_MEAN, AGE_SCALE = 40.9, 10.6
ENCODED_NAMES = ["age", "rate", *JOBS.values(), *CONTACTS.values()]
TRAIN_ROWS, VALIDATION_ROWS, TEST_ROWS = 600, 200, 300

ENCODER: dict[str, object] = {
    "version": 1,
    "schema_sha256": "0" * 64,
    "target": {"name": "y", "positive": "yes", "negative": "no"},
    "numeric": [
        {
            "name": "age",
            "type": "Integral",
            "minimum": 18,
            "maximum": 95,
            "nullable": False,
            "mean": AGE_MEAN,
            "scale": AGE_SCALE,
        },
        {
            "name": "rate",
            "type": "Fractional",
            "minimum": None,
            "maximum": None,
            "nullable": True,
            "mean": 0.0,
            "scale": 1.0,
        },
    ],
    "categorical": [
        {
            "name": name,
            "nullable": nullable,
            "categories": [{"value": value, "encoded_name": column} for value, column in columns.items()],
        }
        for name, nullable, columns in (("job", False, JOBS), ("contact", True, CONTACTS))
    ],
    "encoded_names": ENCODED_NAMES,
}


@dataclass(frozen=True, slots=True)
class Client:
    """One raw row and its label."""

    age: int
    rate: float | None
    job: str
    contact: str | None
    label: int

    def raw(self) -> dict[str, object]:
        """The row as a JSON object of raw features."""
        return {"age": self.age, "rate": self.rate, "job": self.job, "contact": self.contact}

    def encoded(self) -> list[str]:
        """The encoded row's cells; an empty one is missing."""
        return [
            float32_text((self.age - AGE_MEAN) / AGE_SCALE),
            "" if self.rate is None else float32_text(self.rate),
            *("1" if self.job == job else "0" for job in JOBS),
            *("1" if self.contact == contact else "0" for contact in CONTACTS),
        ]

    def encoded_line(self) -> str:
        """The encoded row as a line of CSV."""
        return ",".join(self.encoded()) + "\n"

    def raw_line(self) -> str:
        """The raw row as a line of CSV, under the header age,rate,job,contact."""
        contact = f'"{self.contact}"' if self.contact else ""
        rate = "" if self.rate is None else repr(self.rate)
        return f"{self.age},{rate},{self.job},{contact}\n"

    def labelled_line(self) -> str:
        """The encoded row after its label, as training and evaluation read it."""
        return f"{self.label},{self.encoded_line()}"


def float32_text(number: float) -> str:
    """The shortest decimal that reads back as the same float32."""
    packed = struct.pack("f", number)
    (value,) = struct.unpack("f", packed)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == packed:
            return text
    raise AssertionError(f"nine digits always suffice for a float32, but not for {value!r}")


def clients(count: int, seed: int) -> list[Client]:
    """Rows whose label follows age and job, with some noise."""
    source = random.Random(seed)
    drawn = []
    for _ in range(count):
        age, job = source.randint(18, 95), source.choice(list(JOBS))
        score = (age - 50) / 15 + (1.5 if job == "student" else -0.5) + source.gauss(0, 0.8)
        drawn.append(
            Client(
                age=age,
                rate=None if source.random() < 0.1 else source.gauss(0, 1),
                job=job,
                contact=source.choice([None, *CONTACTS]),
                label=int(score > 0),
            )
        )
    return drawn


def labelled_csv(rows: Sequence[Client]) -> str:
    """The rows as a channel's file."""
    return "".join(row.labelled_line() for row in rows)


TRAIN_CSV = labelled_csv(clients(TRAIN_ROWS, seed=1))
VALIDATION_CSV = labelled_csv(clients(VALIDATION_ROWS, seed=2))
TEST_CLIENTS = clients(TEST_ROWS, seed=3)


def write_training_root(
    root: Path,
    hyperparameters: dict[str, str] | None = None,
    train: str | None = TRAIN_CSV,
    validation: str | None = VALIDATION_CSV,
    encoder: str | None = json.dumps(ENCODER),
) -> Path:
    """Prepare `root` as SageMaker prepares /opt/ml for a training job; None leaves a channel out."""
    channels = {
        name: (file, text)
        for name, file, text in (
            ("train", "train.csv", train),
            ("validation", "validation.csv", validation),
            ("encoder", "encoder.json", encoder),
        )
        if text is not None
    }
    return write_training_files(root, channels, hyperparameters or {})


def write_evaluation_root(root: Path, model: Path, test: str) -> Path:
    """Prepare `root` as SageMaker prepares /opt/ml for the evaluation job."""
    return write_evaluation_files(root, model, "test.csv", test)
