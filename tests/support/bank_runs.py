"""The verbs of bank as a person runs them, and its groups of encodings by another client's account."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.bank.generate import write_rows
from tests.support.containers import wait_until
from tests.support.project_runs import Verbs

BUCKET = GROUP = ENDPOINT = "slipway-bank"
PIPELINE = "slipway-bank-training"
FEW_ROUNDS = ("--set", "hyperparameters.num_round=40", "--set", "hyperparameters.eta=0.2")
# Baselines are two jobs with a JVM in every execution; for whoever looks at something else.
WITHOUT_MONITORS = ("--set", "monitoring=null")


@dataclass(frozen=True)
class Bank(Verbs):
    """The project bank in one LocalStack."""

    project: str = "bank"

    def encodings(self, name: str) -> dict[str, Any]:
        """DescribeFeatureGroup of a group of encodings."""
        described: dict[str, Any] = self.sagemaker.describe_feature_group(FeatureGroupName=name)
        return described

    def encoding_groups(self) -> list[str]:
        """The names of all groups of encodings."""
        pages = self.sagemaker.get_paginator("list_feature_groups").paginate(NameContains="bank-encodings")
        return [item["FeatureGroupName"] for page in pages for item in page["FeatureGroupSummaries"]]

    def forget_encodings(self) -> None:
        """Delete every group of encodings, and see them gone."""
        for name in self.encoding_groups():
            self.sagemaker.delete_feature_group(FeatureGroupName=name)
        wait_until(lambda: True if not self.encoding_groups() else None, "the groups of encodings to go")


def some_rows(folder: Path, seed: int, rows: int = 2000) -> bytes:
    """A CSV of synthetic rows, few enough to be trained on in a moment."""
    file = folder / f"rows-{seed}.csv"
    write_rows(file, rows, seed)
    return file.read_bytes()
