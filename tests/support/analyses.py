"""Runs inside the monitor image: many analyses in one JVM, each as a job of its own would do it.

`/opt/ml/cases.json` has a case a name: the job's variables, and under
`expects` the case whose constraints it is compared with. `/opt/ml/results.json`
has what each one wrote, or what it was refused with.
"""

import json
from pathlib import Path
from typing import Any

from monitor.dataset import prepared
from monitor.environment import parse_settings
from monitor.model_quality import expected_constraints, findings, measure
from monitor.quality import Quality
from monitor.spark import Spark, running_spark
from smcontract.failure import ContractError

ROOT = Path("/opt/ml")
# What decides what measures are compared with, and not what they are.
COMPARED = ("baseline_constraints", "model_quality_tolerance")


def main() -> None:
    """Every case, in order."""
    cases = json.loads((ROOT / "cases.json").read_text())
    results: dict[str, Any] = {}
    measured: dict[tuple[tuple[str, str], ...], Quality] = {}
    with running_spark(cells=0) as spark:
        for name, variables in cases.items():
            try:
                results[name] = analysed(spark, dict(variables), results, measured)
            except ContractError as error:
                results[name] = {"refused": str(error)}
    (ROOT / "results.json").write_text(json.dumps(results))


def analysed(
    spark: Spark, variables: dict[str, str], results: dict[str, Any], measured: dict[Any, Quality]
) -> dict[str, Any]:
    """What the job of `variables` writes; a dataset that differs in what is expected is measured once."""
    if before := variables.pop("expects", None):
        constraints = ROOT / "constraints.json"
        constraints.write_text(json.dumps(results[before]["constraints.json"]))
        variables["baseline_constraints"] = str(constraints)
    settings = parse_settings(variables)
    asked = tuple((name, value) for name, value in variables.items() if name not in COMPARED)
    expected = expected_constraints(settings)
    if asked not in measured:
        with prepared(settings, None) as dataset:
            measured[asked] = measure(spark, settings, dataset)
    found = findings(settings, measured[asked], expected)
    return {**found.documents, "remark": found.remark, "cloudwatch": found.cloudwatch}


if __name__ == "__main__":
    main()
