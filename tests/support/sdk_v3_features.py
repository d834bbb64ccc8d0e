"""The feature store of the SageMaker Python SDK v3."""

import os

from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.mlops.feature_store import (
    FeatureGroupManager,
    OfflineStoreConfig,
    OnlineStoreConfig,
    S3StorageConfig,
    create_athena_query,
    ingest_dataframe,
    load_feature_definitions_from_dataframe,
)
from sagemaker.mlops.feature_store.dataset_builder import DatasetBuilder

from tests.support.sdk_features import Frame, use


class V3Features:
    """FeatureGroupManager and the functions around it."""

    def __init__(self, name: str, bucket: str) -> None:
        self._name = name
        self._bucket = bucket
        self._region = os.environ["AWS_DEFAULT_REGION"]

    def create(self, frame: Frame) -> str:
        """Make the group from the frame."""
        storage = S3StorageConfig(s3_uri=f"s3://{self._bucket}/features")
        group = FeatureGroupManager.create(
            feature_group_name=self._name,
            record_identifier_feature_name="id",
            event_time_feature_name="at",
            feature_definitions=load_feature_definitions_from_dataframe(frame),
            online_store_config=OnlineStoreConfig(enable_online_store=True),
            offline_store_config=OfflineStoreConfig(s3_storage_config=storage),
            role_arn=get_execution_role(Session()),
        )
        group.wait_for_status("Created", poll=1)
        group.refresh()
        return str(group.offline_store_config.s3_storage_config.resolved_output_s3_uri)

    def ingest(self, frame: Frame) -> None:
        """Put every row, 25 at a time."""
        ingest_dataframe(self._name, frame, max_workers=2, use_batch_write_record=True, region=self._region)

    def record(self, identifier: str) -> dict[str, str]:
        """Look a record up."""
        found = self._group().get_record(record_identifier_value_as_string=identifier)
        values = getattr(found, "record", None)
        return {each.feature_name: each.value_as_string for each in values} if values else {}

    def delete(self, identifier: str, event_time: str) -> None:
        """Hide a record."""
        self._group().delete_record(record_identifier_value_as_string=identifier, event_time=event_time)

    def query(self, sql: str, output: str) -> Frame:
        """Ask Athena."""
        query = create_athena_query(self._name, Session())
        query.run(sql.format(table=f'"{query.table_name}"'), output_location=output)
        query.wait()
        return query.as_dataframe()

    def training_set(self, base: Frame, output: str) -> Frame:
        """Have the dataset builder join."""
        builder = DatasetBuilder.create(
            base=base,
            output_path=output,
            session=Session(),
            record_identifier_feature_name="id",
            event_time_identifier_feature_name="moment",
        )
        builder.with_feature_group(self._group()).point_in_time_accurate_join()
        return builder.with_number_of_recent_records_by_record_identifier(1).to_dataframe()[0]

    def groups(self) -> list[str]:
        """List by name."""
        return [each.feature_group_name for each in FeatureGroupManager.get_all(name_contains=self._name)]

    def clean_up(self) -> None:
        """Delete the group."""
        self._group().delete()

    def _group(self) -> FeatureGroupManager:
        return FeatureGroupManager.get(feature_group_name=self._name)


if __name__ == "__main__":
    use(V3Features)
