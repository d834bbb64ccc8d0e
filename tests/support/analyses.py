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
from monitor.spark import Spark, running_spark
from smcontract.failure import ContractError

ROOT = Path("/opt/ml")


def main() -> None:
    """Every case, in order."""
    cases = json.loads((ROOT / "cases.json").read_text())
    results: dict[str, Any] = {}
    with running_spark(rows=0) as spark:
        for name, variables in cases.items():
            try:
                results[name] = analysed(spark, dict(variables), results)
            except ContractError as error:
                results[name] = {"refused": str(error)}
    (ROOT / "results.json").write_text(json.dumps(results))


def analysed(spark: Spark, variables: dict[str, str], results: dict[str, Any]) -> dict[str, Any]:
    """What the job of `variables` writes."""
    if before := variables.pop("expects", None):
        constraints = ROOT / "constraints.json"
        constraints.write_text(json.dumps(results[before]["constraints.json"]))
        variables["baseline_constraints"] = str(constraints)
    settings = parse_settings(variables)
    expected = expected_constraints(settings)
    with prepared(settings, None) as dataset:
        quality = measure(spark, settings, dataset)
    found = findings(settings, quality, expected)
    return {**found.documents, "remark": found.remark, "cloudwatch": found.cloudwatch}


if __name__ == "__main__":
    main()
