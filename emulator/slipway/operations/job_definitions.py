"""The definitions of monitoring jobs: data quality, model quality, bias, explainability."""

from functools import partial

from slipway.clock import Clock
from slipway.errors import ResourceInUse, ResourceNotFound, ValidationException
from slipway.operations.job_requests import check_instances, check_local_path, check_s3_uri, not_here
from slipway.operations.listing import list_page
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document
from slipway.resources.job_definition import JOB_DEFINITION_TYPES, JobDefinitionType, endpoint_name
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.query import Query
from slipway.store.store import AlreadyExistsError, Store

INPUTS = ("EndpointInput", "BatchTransformInput")
RESOURCES = ("ConstraintsResource", "StatisticsResource")


class JobDefinitions:
    """Create, Describe, List and Delete of the four types.

    A definition never changes. It is a record: what it names is looked for
    when a schedule's time has come.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @property
    def operations(self) -> Operations:
        """What these types answer."""
        return {
            (SAGEMAKER, name): partial(answer, each)
            for each in JOB_DEFINITION_TYPES.values()
            for name, answer in (
                (f"Create{each.monitoring_type}JobDefinition", self._create),
                (f"Describe{each.monitoring_type}JobDefinition", self._describe),
                (f"List{each.monitoring_type}JobDefinitions", self._list),
                (f"Delete{each.monitoring_type}JobDefinition", self._delete),
            )
        }

    def _create(self, definition_type: JobDefinitionType, call: Call) -> Document:
        parameters = call.parameters
        key = Key(call.owner, definition_type.kind, parameters["JobDefinitionName"])
        now = self._clock.now()
        document = {name: value for name, value in parameters.items() if name != "Tags"}
        definition = Resource(
            key, now, now, document={**document, "JobDefinitionArn": key.arn, "CreationTime": now}
        )
        check(definition_type, definition)
        watched = endpoint_name(definition_type.job_input(definition))
        try:
            self._store.create(definition, checked_tags(parameters.get("Tags", ())), label=watched)
        except AlreadyExistsError as error:
            raise ResourceInUse(
                f"Monitoring Job Definition {error.existing.arn} already exists; "
                "choose another name or delete it."
            ) from None
        return {"JobDefinitionArn": key.arn}

    def _describe(self, definition_type: JobDefinitionType, call: Call) -> Document:
        name = call.parameters["JobDefinitionName"]
        return existing_job_definition(self._store, call.owner, definition_type, name).document

    def _list(self, definition_type: JobDefinitionType, call: Call) -> Document:
        def summary(definition: Resource) -> Document:
            return {
                "MonitoringJobDefinitionName": definition.name,
                "MonitoringJobDefinitionArn": definition.arn,
                "CreationTime": definition.created_at,
                # The model says that it is always there.
                "EndpointName": endpoint_name(definition_type.job_input(definition)),
            }

        label = call.parameters.get("EndpointName")
        member = "JobDefinitionSummaries"
        return list_page(self._store, call, definition_type.kind, member, summary, label=label)

    def _delete(self, definition_type: JobDefinitionType, call: Call) -> Document:
        """Forget a definition that no schedule names.

        "Job definition is locked by schedule", says the SDK, which deletes a schedule first and waits until
        it is gone (model_monitoring.py, delete_monitoring_schedule).
        """
        name = call.parameters["JobDefinitionName"]
        with self._store.all_or_nothing():
            definition = existing_job_definition(self._store, call.owner, definition_type, name)
            named = Query(
                limit=1,
                members={
                    "$.MonitoringType": definition_type.monitoring_type,
                    "$.MonitoringScheduleConfig.MonitoringJobDefinitionName": definition.name,
                },
            )
            for schedule in self._store.page(call.owner, Kind.MONITORING_SCHEDULE, named).resources:
                raise ValidationException(
                    f"Monitoring Job Definition {definition.arn} is in use by Monitoring Schedule "
                    f"{schedule.arn}; delete the schedule first, or have it name another definition."
                )
            self._store.delete(definition.key)
        return {}


def existing_job_definition(
    store: Store, owner: Owner, definition_type: JobDefinitionType, name: str
) -> Resource:
    """The definition of that type and name. Raises ResourceNotFound."""
    key = Key(owner, definition_type.kind, name)
    definition = store.get(key)
    if definition is None:
        raise _not_found(key)
    return definition


def check(definition_type: JobDefinitionType, definition: Resource) -> None:
    """Refuse a definition whose jobs could not be carried out. Raises ServiceError."""
    job_input = definition_type.job_input(definition)
    check_input(job_input, f"{definition_type.monitoring_type}JobInput")
    for output in definition_type.output_config(definition)["MonitoringOutputs"]:
        check_s3_uri(output["S3Output"]["S3Uri"], "S3Uri of the monitoring output")
        check_local_path(output["S3Output"]["LocalPath"], "the monitoring output")
    for resource in RESOURCES:
        place = definition_type.baseline_config(definition).get(resource, {})
        if "S3Uri" in place:
            check_s3_uri(place["S3Uri"], f"S3Uri of {resource}")
    cluster = definition.document["JobResources"]["ClusterConfig"]
    check_instances(cluster["InstanceType"], cluster["InstanceCount"], "processing job")


def check_input(job_input: Document, place: str) -> None:
    """Refuse what no job can read. Raises ServiceError."""
    given = [name for name in INPUTS if name in job_input]
    if len(given) != 1:
        raise ValidationException(f"{place} takes one of {' and '.join(INPUTS)}, not {len(given)}.")
    (kind,) = given
    check_local_path(job_input[kind]["LocalPath"], kind)
    if job_input[kind].get("S3InputMode") == "Pipe":
        raise not_here(f"S3InputMode Pipe of {kind}", "use File")
    if "S3Uri" in job_input.get("GroundTruthS3Input", {}):
        check_s3_uri(job_input["GroundTruthS3Input"]["S3Uri"], "S3Uri of GroundTruthS3Input")


def _not_found(key: Key) -> ResourceNotFound:
    # So it begins on AWS (aws-controllers-k8s/sagemaker-controller, generator.yaml).
    return ResourceNotFound(f"Monitoring Job Definition {key.arn} not found")
