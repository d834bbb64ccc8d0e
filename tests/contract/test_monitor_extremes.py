"""The monitor on wide data, many values and bad input: a right answer or a clear message, never neither.

All jobs share one container.
"""

import io
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.monitored import CSV, JobOf, Left, run_jobs

PARQUET = {"dataset_format": '{"parquet": {}}'}
# More than are asked at once.
WIDE, WIDE_ROWS = 120, 40
DISTINCT = 1_000_000
# Beyond any whole number of 32 bits, with which Deequ begins a sketch's ends.
MILLISECONDS = 1_700_000_000_000


def csv_of(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False))


def parquet_of(frame: pd.DataFrame) -> bytes:
    # pandas would write NaN as no value.
    table = pa.table({name: pa.array(frame[name].to_numpy(), from_pandas=False) for name in frame.columns})
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def wide() -> pd.DataFrame:
    """Numbers, in every tenth column text and in every hundredth nothing."""
    source = np.random.default_rng(0)
    numbers = source.normal(0, 1, (WIDE_ROWS, WIDE))
    frame = pd.DataFrame(numbers, columns=[f"column {number}" for number in range(WIDE)]).astype(object)
    for number in range(0, WIDE, 10):
        frame[f"column {number}"] = "" if number % 100 == 0 else source.choice(["a", "b"], WIDE_ROWS)
    return frame


def wide_baseline() -> dict[str, str | bytes]:
    """Files of a baseline whose numbers were all five less."""
    statistics: list[dict[str, Any]] = []
    for name, values in wide().items():
        if all(isinstance(value, float) for value in values):
            sketch = {"parameters": {"c": 0.64, "k": 2048.0}, "data": [sorted(values - 5)]}
            common = {"num_present": WIDE_ROWS, "num_missing": 0}
            found = {"common": common, "distribution": {"kll": {"sketch": sketch}}}
            statistics.append({"name": name, "inferred_type": "Fractional", "numerical_statistics": found})
    types = [{"name": name, "inferred_type": "Unknown", "completeness": 0.0} for name in wide().columns]
    return {
        "given/statistics.json": json.dumps({"features": statistics}),
        "given/constraints.json": json.dumps({"features": types}),
    }


SMALL = pd.DataFrame({"age": range(60), "rate": np.linspace(-1, 1, 60), "city": ["Bern", "Rome"] * 30})


def changed(name: str, place: int, value: object) -> pd.DataFrame:
    frame = SMALL.astype({name: object}) if isinstance(value, str) else SMALL.copy()
    frame.loc[place, name] = value
    return frame


# More than are looked at beforehand, to guess what a column is like.
FLAG_ROWS = 400


def flags() -> pd.DataFrame:
    """Zeros and ones, with gaps, alone, and such that turn out to be something else."""
    source = np.random.default_rng(1)
    frame = pd.DataFrame({"rare": [0] * (FLAG_ROWS - 1) + [1], "always": [1] * FLAG_ROWS}).astype(object)
    frame["gaps"] = source.choice(["0", "1", ""], FLAG_ROWS)
    for name, last in (("whole", 2), ("fraction", 0.5), ("text", "no"), ("quoted", '"1"')):
        frame[name] = [*source.integers(0, 2, FLAG_ROWS - 1), last]
    return frame


def constraints(content: object) -> dict[str, str | bytes]:
    """Rows, and beside them a file that a job is given as constraints."""
    return {"rows/rows.csv": csv_of(SMALL), "given/constraints.json": json.dumps(content)}


def given(statistics: str = "constraints") -> dict[str, str]:
    data = "/opt/ml/processing/input/data"
    return CSV | {
        "dataset_source": f"{data}/rows",
        "baseline_constraints": f"{data}/given/constraints.json",
        "baseline_statistics": f"{data}/given/{statistics}.json",
    }


FEATURE = {"name": "age", "inferred_type": "Integral", "completeness": 1.0}
JOBS = {
    "small": JobOf({"rows.csv": csv_of(SMALL)}, CSV),
    "wide": JobOf({"rows/rows.csv": csv_of(wide())} | wide_baseline(), given("statistics")),
    "distinct": JobOf({"rows.csv": "id\n" + "".join(f"id {n}\n" for n in range(DISTINCT))}, CSV),
    "parquet with NaN": JobOf({"rows.parquet": parquet_of(changed("rate", 3, math.nan))}, PARQUET),
    "live parquet with Inf": JobOf(
        {"rows.parquet": parquet_of(changed("rate", 3, math.inf))}, PARQUET, expects="small"
    ),
    "all null": JobOf({"rows.csv": csv_of(SMALL.assign(rate=""))}, CSV, expects="small"),
    "milliseconds": JobOf({"rows.csv": csv_of(SMALL.assign(age=SMALL["age"] + MILLISECONDS))}, CSV),
    "flags": JobOf({"rows.csv": csv_of(flags())}, CSV),
    "not JSON": JobOf(constraints({}) | {"given/constraints.json": "{"}, given()),
    "statistics as constraints": JobOf(constraints({"version": 0.0, "features": [{}]}), given()),
    "a threshold of 2": JobOf(
        constraints({"features": [FEATURE], "monitoring_config": {"datatype_check_threshold": 2}}), given()
    ),
    "an unknown type": JobOf(constraints({"features": [FEATURE | {"inferred_type": "Number"}]}), given()),
    "constraints as statistics": JobOf(constraints({"features": [{"name": "age"}, 3]}), given()),
}
REFUSED = {
    "parquet with NaN": "the baseline has NaN or infinite values: 'rate' (1).",
    "not JSON": "constraints.json is not valid JSON",
    "statistics as constraints": "features[0] must be a JSON object with a 'name'.",
    "a threshold of 2": "monitoring_config.datatype_check_threshold must be a number from 0 to 1, got 2.",
    "an unknown type": "features[0].inferred_type must be one of Integral, Fractional, String, Unknown",
    "constraints as statistics": "features[1] must be a JSON object with a 'name'.",
}


@pytest.fixture(scope="module")
def left(monitor_image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    return run_jobs(monitor_image, tmp_path_factory.mktemp("extremes"), JOBS)


def numeric(feature: dict[str, Any]) -> Any:
    return feature["numerical_statistics"]


def test_every_column_of_wide_data_is_described(left: dict[str, Left]) -> None:
    features = left["wide"].statistics
    frame = wide()

    assert list(features) == list(frame)
    kinds = [features[f"column {number}"]["inferred_type"] for number in (0, 10, 11, WIDE - 1)]
    assert kinds == ["Unknown", "String", "Fractional", "Fractional"]
    for name in ("column 1", "column 101", f"column {WIDE - 1}"):
        assert numeric(features[name])["mean"] == pytest.approx(frame[name].mean(), rel=1e-9)
    counts = features[f"column {WIDE - 10}"]["string_statistics"]["distribution"]["categorical"]["buckets"]
    assert {each["value"]: each["count"] for each in counts} == frame[
        f"column {WIDE - 10}"
    ].value_counts().to_dict()
    drifted = {name for name, check in left["wide"].violations if check == "baseline_drift_check"}
    assert drifted == {f"column {number}" for number in range(WIDE) if number % 10}


def test_a_wide_page_is_one_that_a_browser_opens(left: dict[str, Left]) -> None:
    page = left["wide"].files["report.html"].decode()

    assert len(page) < 1_000_000
    assert page.count("<figure>") == 50
    assert f"{WIDE - 50} more features" in page


def test_a_million_categories_are_counted_and_the_first_thousand_told(left: dict[str, Left]) -> None:
    found = left["distinct"].statistics["id"]["string_statistics"]

    assert found["common"] == {"num_present": DISTINCT, "num_missing": 0}
    assert found["distinct_count"] == DISTINCT
    assert len(found["distribution"]["categorical"]["buckets"]) == 1000
    (constraint,) = left["distinct"].document("constraints.json")["features"]
    assert "string_constraints" not in constraint


def test_an_infinity_in_live_data_is_a_value_of_the_wrong_type(left: dict[str, Left]) -> None:
    assert left["live parquet with Inf"].violations == {("rate", "data_type_check")}


def test_a_column_without_a_value_is_incomplete_and_named(left: dict[str, Left]) -> None:
    job = left["all null"]

    assert job.violations == {("rate", "completeness_check")}
    assert job.message.endswith("1 violations. Columns without any value: rate.")
    assert job.statistics["rate"]["inferred_type"] == "Unknown"


def test_numbers_of_more_than_32_bits_have_their_own_buckets(left: dict[str, Left]) -> None:
    found = numeric(left["milliseconds"].statistics["age"])

    buckets = found["distribution"]["kll"]["buckets"]
    edges = [bucket["lower_bound"] for bucket in buckets] + [buckets[-1]["upper_bound"]]
    assert edges == pytest.approx(np.linspace(MILLISECONDS, MILLISECONDS + 59, 11), abs=1e-3)
    assert [bucket["count"] for bucket in buckets] == [6] * 10


@pytest.mark.parametrize("name", ["rare", "always", "gaps", "whole", "fraction"])
def test_what_looks_like_zeros_and_ones_is_described_as_other_numbers_are(
    left: dict[str, Left], name: str
) -> None:
    values = pd.to_numeric(flags()[name]).dropna().to_numpy(dtype=float)
    feature = left["flags"].statistics[name]
    found = numeric(feature)

    assert feature["inferred_type"] == ("Fractional" if name == "fraction" else "Integral")
    assert found["common"] == {"num_present": len(values), "num_missing": FLAG_ROWS - len(values)}
    assert (found["min"], found["max"], found["sum"]) == (values.min(), values.max(), values.sum())
    assert found["mean"] == pytest.approx(values.mean(), rel=1e-9)
    assert found["std_dev"] == pytest.approx(values.std(), rel=1e-9)
    kll = found["distribution"]["kll"]
    items = [(item, 2**level) for level, data in enumerate(kll["sketch"]["data"]) for item in data]
    weights = {value: sum(weight for item, weight in items if item == value) for value in set(values)}
    assert weights == dict(zip(*np.unique(values, return_counts=True), strict=True))
    assert sum(bucket["count"] for bucket in kll["buckets"]) == len(values)


@pytest.mark.parametrize("name", ["text", "quoted"])
def test_what_looks_like_zeros_and_ones_and_is_text_is_counted(left: dict[str, Left], name: str) -> None:
    feature = left["flags"].statistics[name]
    buckets = feature["string_statistics"]["distribution"]["categorical"]["buckets"]

    assert feature["inferred_type"] == "String"
    expected = flags()[name].astype(str).value_counts().to_dict()
    assert {each["value"]: each["count"] for each in buckets} == expected


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_compared_is_refused_by_name(left: dict[str, Left], name: str) -> None:
    job = left[name]

    assert job.exit_code != 0
    assert REFUSED[name] in job.message
    assert job.files == {}


def test_nothing_else_failed(left: dict[str, Left]) -> None:
    assert {name for name, job in left.items() if job.exit_code} == set(REFUSED)
