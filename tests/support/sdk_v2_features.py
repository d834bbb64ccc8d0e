"""The FeatureGroup of the SageMaker Python SDK v2; a program of `.venv-sdk-v2`."""

import time
from typing import Any

from sagemaker import Session, get_execution_role
from sagemaker.feature_store.feature_group import FeatureGroup
from sagemaker.feature_store.feature_store import FeatureStore

from tests.support.sdk_features import Frame, use


class V2Features:
    """FeatureGroup and FeatureStore over an ordinary session."""

    def __init__(self, name: str, bucket: str) -> None:
        self._session = Session()
        self._bucket = bucket
        self._group = FeatureGroup(name=name, sagemaker_session=self._session)

    def create(self, frame: Frame) -> str:
        """Make the group from the frame."""
        self._group.load_feature_definitions(data_frame=frame)
        self._group.create(
            s3_uri=f"s3://{self._bucket}/features",
            record_identifier_name="id",
            event_time_feature_name="at",
            role_arn=get_execution_role(self._session),
            enable_online_store=True,
        )
        while (described := self._group.describe())["FeatureGroupStatus"] == "Creating":
            time.sleep(0.1)
        assert described["FeatureGroupStatus"] == "Created", described
        return str(described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"])

    def ingest(self, frame: Frame) -> None:
        """Put every row, several threads at once."""
        self._group.ingest(data_frame=frame, max_workers=3, wait=True)

    def record(self, identifier: str) -> dict[str, str]:
        """Look a record up."""
        found: Any = self._group.get_record(record_identifier_value_as_string=identifier) or ()
        return {each["FeatureName"]: each["ValueAsString"] for each in found}

    def delete(self, identifier: str, event_time: str) -> None:
        """Hide a record."""
        self._group.delete_record(record_identifier_value_as_string=identifier, event_time=event_time)

    def query(self, sql: str, output: str) -> Frame:
        """Ask Athena."""
        query = self._group.athena_query()
        query.run(sql.format(table=f'"{query.table_name}"'), output_location=output)
        query.wait()
        return query.as_dataframe()

    def training_set(self, base: Frame, output: str) -> Frame:
        """Have the dataset builder join."""
        builder = FeatureStore(self._session).create_dataset(
            base=base,
            output_path=output,
            record_identifier_feature_name="id",
            event_time_identifier_feature_name="moment",
        )
        builder.with_feature_group(self._group).point_in_time_accurate_join()
        return builder.with_number_of_recent_records_by_record_identifier(1).to_dataframe()[0]

    def groups(self) -> list[str]:
        """List by name."""
        found = FeatureStore(self._session).list_feature_groups(name_contains=self._group.name)
        return [each["FeatureGroupName"] for each in found["FeatureGroupSummaries"]]

    def clean_up(self) -> None:
        """Delete the group."""
        self._group.delete()


if __name__ == "__main__":
    use(V2Features)
