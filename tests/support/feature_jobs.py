"""Jobs of the preprocess image that fill a feature group and read it again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.emulator_jobs import ROLE, Jobs

RUNTIME = "sagemaker-featurestore-runtime"
# What `features` reads of preprocess's outputs.
READ_AGAIN = ("train", "validation", "keys")
BATCH = 100


@dataclass(frozen=True)
class FeatureJobs:
    """`ingest`, the plain job and `features`, of one schema; all of it is below `folder` of the bucket."""

    jobs: Jobs
    folder: str
    prefix: str
    schema: Mapping[str, Any]

    def start_ingest(self) -> str:
        """Start `ingest`, and return the job's name."""
        self._put_schema()
        return self.jobs.process(
            f"exec python -m preprocess ingest --feature-group-prefix {self.prefix} "
            f"--offline-store-uri {self.jobs.uri('feature-store')} --role-arn {ROLE}",
            inputs={"input/schema": f"{self.folder}/schema/"},
            outputs={"output/ingest": f"{self.folder}/ingest"},
        )

    def ingested(self) -> Any:
        """What `ingest` reports; it must end well."""
        self.jobs.completed(self.start_ingest())
        return json.loads(self.jobs.objects(f"{self.folder}/ingest/")["ingest.json"])

    def places_ingested(self, places: str) -> Any:
        """What `ingest-places` reports of this places.csv; it must end well."""
        self.jobs.put({f"{self.folder}/places/places.csv": places})
        name = self.jobs.process(
            f"exec python -m preprocess ingest-places --feature-group-prefix {self.prefix} "
            f"--offline-store-uri {self.jobs.uri('feature-store')} --role-arn {ROLE}",
            inputs={"input/places": f"{self.folder}/places/"},
            outputs={"output/ingest": f"{self.folder}/ingest"},
        )
        self.jobs.completed(name)
        return json.loads(self.objects("ingest")["ingest.json"])

    def preprocess(self, rows: str | bytes, *arguments: str) -> None:
        """Run the plain job on `rows`."""
        self._put_schema()
        self.jobs.put({f"{self.folder}/raw/rows.csv": rows})
        name = self.jobs.process(
            f"exec python -m preprocess {' '.join(arguments)}",
            inputs={"input/data": f"{self.folder}/raw/", "input/schema": f"{self.folder}/schema/"},
            outputs={f"output/{name}": f"{self.folder}/preprocess/{name}" for name in READ_AGAIN},
        )
        self.jobs.completed(name)

    def start_features(self, group: str, *arguments: str) -> str:
        """Start `features` on what the plain job left, and return the job's name."""
        return self.jobs.process(
            f"exec python -m preprocess features --feature-group-name {group} {' '.join(arguments)}",
            inputs={
                **{f"input/{name}": f"{self.folder}/preprocess/{name}/" for name in READ_AGAIN},
                "input/schema": f"{self.folder}/schema/",
            },
            outputs={
                f"output/{name}": f"{self.folder}/features/{name}"
                for name in ("train", "validation", "features")
            },
        )

    def objects(self, step: str) -> dict[str, bytes]:
        """What a step left, by the name of output and file."""
        return self.jobs.objects(f"{self.folder}/{step}/")

    def records(self, group: str, keys: list[str]) -> dict[str, dict[str, str]]:
        """The records of these keys as the online store has them, read by a client of the emulator's own."""
        runtime = self.jobs.emulator.client(RUNTIME)
        found = {}
        for start in range(0, len(keys), BATCH):
            asked = {
                "FeatureGroupName": group,
                "RecordIdentifiersValueAsString": keys[start : start + BATCH],
            }
            for each in runtime.batch_get_record(Identifiers=[asked])["Records"]:
                values = {one["FeatureName"]: one["ValueAsString"] for one in each["Record"]}
                found[each["RecordIdentifierValueAsString"]] = values
        runtime.close()
        return found

    def _put_schema(self) -> None:
        self.jobs.put({f"{self.folder}/schema/schema.json": json.dumps(self.schema)})
