"""The running emulator: every operation is documented, and answers what its model promises."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_features import create_group, values
from tests.support.emulator_jobs import ROLE, Jobs
from tests.support.emulator_pipelines import Execution, Pipelines
from tests.support.endpoints import Endpoints, endpoints_of, new_name, variant
from tests.support.functions import archive
from tests.support.localstack_calls import queue_in
from tests.support.monitoring import definition, inline
from tests.support.output_shapes import complaints
from tests.support.parity import documented
from tests.support.scripted_server import scripted_server_image

UNTIL_STOPPED = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


def wired(emulator: Emulator) -> list[tuple[str, str]]:
    """The operations of the running emulator."""
    with urllib.request.urlopen(f"{emulator.endpoint_url}/_slipway/operations", timeout=60) as answer:
        return [tuple(line.split()) for line in json.load(answer)["operations"]]


def test_the_documentation_lists_what_is_wired_and_nothing_else(emulator: Emulator) -> None:
    assert sorted(documented()) == sorted(wired(emulator))


# The words that boto3's methods have for them.
JOB_DEFINITIONS = {
    "DataQuality": "data_quality",
    "ModelQuality": "model_quality",
    "ModelBias": "model_bias",
    "ModelExplainability": "model_explainability",
}
# Whose one answer is a refusal.
NEVER_FOUND = {("sagemaker", "DescribeImageVersion"), ("lambda", "GetFunctionEventInvokeConfig")}
# What AWS's own answers do although its model says otherwise: the reason of an update that goes on
# (recorded in terraform-provider-aws, issue 43395), and a function without code signing.
BEYOND_THE_MODEL = (
    "FunctionConfiguration.LastUpdateStatusReasonCode = 'Creating'",
    "GetFunctionResponse.Configuration.LastUpdateStatusReasonCode = 'Creating'",
    "GetFunctionCodeSigningConfigResponse.CodeSigningConfigArn is missing",
)


class Watched:
    """Keeps which operations were answered, and whatever of their answers their models do not promise."""

    def __init__(self) -> None:
        self.called: set[tuple[str, str]] = set()
        self.wrong: list[str] = []

    def watch(self, client: Any) -> Any:
        client.meta.events.register("after-call", self._answered)
        return client

    def _answered(self, http_response: Any, parsed: Any, model: OperationModel, **_: object) -> None:
        if http_response.status_code < 300:
            service = model.service_model.service_name
            self.called.add((service, model.name))
            found = complaints(service, model.name, parsed)
            self.wrong += [each for each in found if not each.startswith(BEYOND_THE_MODEL)]


@pytest.fixture(scope="module")
def server_image(preprocess_image: str) -> Iterator[str]:
    with scripted_server_image(preprocess_image) as image:
        yield image


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def jobs(emulator: Emulator, preprocess_image: str, watched: Watched) -> Jobs:
    jobs = Jobs(emulator, preprocess_image)
    watched.watch(jobs.sagemaker)
    return jobs


@pytest.fixture
def endpoints(emulator: Emulator, server_image: str, watched: Watched) -> Iterator[Endpoints]:
    with endpoints_of(emulator, server_image) as found:
        watched.watch(found.client)
        watched.watch(found.runtime)
        yield found


def test_every_operation_answers_what_its_model_promises(
    emulator: Emulator, jobs: Jobs, endpoints: Endpoints, lambda_image: str, watched: Watched
) -> None:
    assert lambda_image, "functions from archives run on it"
    walk_through_jobs(jobs)
    walk_through_pipelines(Pipelines(jobs))
    walk_through_the_registry(endpoints)
    walk_through_an_endpoint(endpoints)
    walk_through_monitoring(watched.watch(emulator.client("sagemaker")))
    walk_through_the_feature_store(emulator, watched)
    walk_through_schedules(watched.watch(emulator.client("scheduler")))
    walk_through_functions(watched.watch(emulator.client("lambda")))

    assert watched.wrong == []
    assert sorted(wired(emulator)) == sorted(watched.called | NEVER_FOUND)


def walk_through_monitoring(sagemaker: Any) -> None:
    for monitoring_type, words in JOB_DEFINITIONS.items():
        named = {"JobDefinitionName": new_name("definition")}
        request = definition(monitoring_type, named["JobDefinitionName"])
        if monitoring_type == "ModelExplainability":
            request["ModelExplainabilityAppSpecification"]["ConfigUri"] = "s3://bucket/analysis_config.json"
        getattr(sagemaker, f"create_{words}_job_definition")(**request)
        getattr(sagemaker, f"describe_{words}_job_definition")(**named)
        getattr(sagemaker, f"list_{words}_job_definitions")()
        getattr(sagemaker, f"delete_{words}_job_definition")(**named)

    schedule = {"MonitoringScheduleName": new_name("schedule")}
    sagemaker.create_monitoring_schedule(**schedule, MonitoringScheduleConfig=inline())
    sagemaker.describe_monitoring_schedule(**schedule)
    sagemaker.update_monitoring_schedule(**schedule, MonitoringScheduleConfig=inline())
    sagemaker.stop_monitoring_schedule(**schedule)
    sagemaker.start_monitoring_schedule(**schedule)
    sagemaker.list_monitoring_schedules()
    sagemaker.list_monitoring_executions(**schedule)
    (alert,) = sagemaker.list_monitoring_alerts(**schedule)["MonitoringAlertSummaries"]
    sagemaker.update_monitoring_alert(
        **schedule,
        MonitoringAlertName=alert["MonitoringAlertName"],
        DatapointsToAlert=1,
        EvaluationPeriod=2,
    )
    sagemaker.list_monitoring_alert_history(**schedule)
    sagemaker.delete_monitoring_schedule(**schedule)


def walk_through_the_feature_store(emulator: Emulator, watched: Watched) -> None:
    sagemaker = watched.watch(emulator.client("sagemaker"))
    runtime = watched.watch(emulator.client("sagemaker-featurestore-runtime"))
    group = {"FeatureGroupName": new_name("features")}
    one = {**group, "RecordIdentifierValueAsString": "a"}
    early, late = "2023-11-14T20:00:00Z", "2023-11-14T21:00:00Z"
    record = values(id="a", at=early)

    create_group(emulator, sagemaker, group["FeatureGroupName"], "Standard_V2")
    sagemaker.list_feature_groups()
    sagemaker.search(Resource="FeatureGroup")
    addition = {"FeatureName": "city", "FeatureType": "String"}
    sagemaker.update_feature_group(**group, FeatureAdditions=[addition])
    sagemaker.update_feature_metadata(**group, FeatureName="city", Description="where")
    sagemaker.describe_feature_metadata(**group, FeatureName="city")

    runtime.put_record(**group, Record=record)
    runtime.update_record(**one, Features=values(city="Wien"))
    assert runtime.get_record(**one)["Record"] == [*record, *values(city="Wien")]
    runtime.batch_write_record(Entries=[{**group, "Record": record}])
    runtime.batch_get_record(Identifiers=[{**group, "RecordIdentifiersValueAsString": ["a", "b"]}])
    runtime.list_records(**group)
    runtime.delete_record(**one, EventTime=late)
    athena = watched.watch(emulator.client("athena"))
    walk_through_queries(emulator, athena)
    walk_through_the_catalog(athena, watched.watch(emulator.client("glue")))
    sagemaker.delete_feature_group(**group)


def walk_through_queries(emulator: Emulator, athena: Any) -> None:
    place = {"OutputLocation": f"s3://{emulator.bucket}/queries/"}
    query = {
        "QueryExecutionId": athena.start_query_execution(
            QueryString="SELECT 1 AS one", ResultConfiguration=place
        )["QueryExecutionId"]
    }

    def has_ended() -> bool | None:
        state = athena.get_query_execution(**query)["QueryExecution"]["Status"]["State"]
        return None if state in ("QUEUED", "RUNNING") else True

    wait_until(has_ended, "the query to end", 120)
    rows = athena.get_query_results(**query)["ResultSet"]["Rows"]
    assert [row["Data"] for row in rows] == [[{"VarCharValue": "one"}], [{"VarCharValue": "1"}]]
    athena.stop_query_execution(**query)


def walk_through_the_catalog(athena: Any, glue: Any) -> None:
    database = "sagemaker_featurestore"
    glue.get_databases()
    glue.get_database(Name=database)
    table = glue.get_tables(DatabaseName=database)["TableList"][-1]["Name"]
    glue.get_partitions(DatabaseName=database, TableName=table)
    catalog = {"CatalogName": athena.list_data_catalogs()["DataCatalogsSummary"][0]["CatalogName"]}
    athena.list_databases(**catalog)
    athena.get_database(**catalog, DatabaseName=database)
    athena.list_table_metadata(**catalog, DatabaseName=database)
    shown = athena.get_table_metadata(**catalog, DatabaseName=database, TableName=table)["TableMetadata"]
    described = glue.get_table(DatabaseName=database, Name=table)["Table"]
    assert shown["Columns"] == described["StorageDescriptor"]["Columns"]
    glue.delete_table(DatabaseName=database, Name=table)


def walk_through_jobs(jobs: Jobs) -> None:
    sagemaker = jobs.sagemaker
    jobs.put({"rows/a.csv": "1"})
    tags = [{"Key": "team", "Value": "growth"}]

    failed = jobs.process("exit 3", inputs={"in": "rows/"}, outputs={"out": "copied"}, Tags=tags)
    trained = jobs.train("echo -n model > /opt/ml/model/m", channels={"train": "rows/"}, Tags=tags)
    assert jobs.ended(failed)["ProcessingJobStatus"] == "Failed"
    jobs.completed(trained)
    running, running_too = jobs.process(UNTIL_STOPPED), jobs.train(UNTIL_STOPPED)
    sagemaker.stop_processing_job(ProcessingJobName=running)
    sagemaker.stop_training_job(TrainingJobName=running_too)
    jobs.ended(running)
    jobs.ended(running_too)

    sagemaker.list_processing_jobs(MaxResults=100)
    sagemaker.list_training_jobs(MaxResults=100)
    arn = sagemaker.describe_training_job(TrainingJobName=trained)["TrainingJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "other", "Value": "x"}])
    assert len(sagemaker.list_tags(ResourceArn=arn)["Tags"]) == 2
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["other"])
    sagemaker.delete_processing_job(ProcessingJobName=failed)
    sagemaker.delete_training_job(TrainingJobName=trained)


def walk_through_pipelines(pipelines: Pipelines) -> None:
    sagemaker, emulator = pipelines.sagemaker, pipelines.emulator
    queue_url, _ = queue_in(emulator.localstack)
    ask = {
        **{"Name": "Ask", "Type": "Callback", "SqsQueueUrl": queue_url, "Arguments": {}},
        "OutputParameters": [{"OutputName": "answer", "OutputType": "String"}],
    }
    definition = {"Version": "2020-12-01", "Parameters": [{"Name": "Rows"}], "Steps": [ask]}
    pipelines.jobs.put({"definition.json": json.dumps(definition)})
    location = {"Bucket": emulator.bucket, "ObjectKey": "definition.json"}
    pipeline = {"PipelineName": new_name("pipeline")}
    arn = sagemaker.create_pipeline(**pipeline, RoleArn=ROLE, PipelineDefinitionS3Location=location)[
        "PipelineArn"
    ]
    stored = sagemaker.describe_pipeline(**pipeline)["PipelineDefinition"]
    assert json.loads(stored) == definition
    changed = {**definition, "Metadata": {}}
    sagemaker.update_pipeline(**pipeline, PipelineDefinition=json.dumps(changed))
    renamed = {"Add": ["stable"]}
    sagemaker.update_pipeline_version(
        PipelineArn=arn, PipelineVersionId=1, PipelineVersionAliasOperations=renamed
    )
    assert len(sagemaker.list_pipeline_versions(**pipeline)["PipelineVersionSummaries"]) == 2
    sagemaker.list_pipelines(MaxResults=100)

    answered = pipelines.start(pipeline["PipelineName"], {"Rows": "1"}, PipelineVersionAlias="stable")
    sagemaker.send_pipeline_execution_step_success(
        CallbackToken=callback_token(answered), OutputParameters=[{"Name": "answer", "Value": "yes"}]
    )
    assert answered.ended() == "Succeeded"
    stopped = pipelines.start(pipeline["PipelineName"], {"Rows": "2"})
    token = callback_token(stopped)
    stopped.stop()
    sagemaker.send_pipeline_execution_step_failure(CallbackToken=token, FailureReason="stopped")
    stopped.ended()
    execution = {"PipelineExecutionArn": stopped.arn}
    sagemaker.describe_pipeline_execution(**execution)
    stopped.retry()
    sagemaker.update_pipeline_execution(**execution, PipelineExecutionDisplayName="again")
    sagemaker.send_pipeline_execution_step_success(CallbackToken=callback_token(stopped))
    assert stopped.ended() == "Succeeded"
    sagemaker.describe_pipeline_definition_for_execution(**execution)
    sagemaker.list_pipeline_parameters_for_execution(**execution)
    assert len(sagemaker.list_pipeline_executions(**pipeline)["PipelineExecutionSummaries"]) == 2
    sagemaker.delete_pipeline(**pipeline)


def callback_token(execution: Execution) -> str:
    """The token of the step Ask, once it waits."""
    step = execution.step_in("Ask", "Executing")
    token: str = step["Metadata"]["Callback"]["CallbackToken"]
    return token


def walk_through_the_registry(endpoints: Endpoints) -> None:
    sagemaker = endpoints.client
    group = {"ModelPackageGroupName": new_name("group")}
    specification = {
        "Containers": [{"Image": endpoints.image, "Environment": {"ANSWER": "from the registry"}}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    sagemaker.create_model_package_group(**group)
    sagemaker.describe_model_package_group(**group)
    sagemaker.list_model_package_groups()
    sagemaker.put_model_package_group_policy(**group, ResourcePolicy='{"Statement": []}')
    sagemaker.get_model_package_group_policy(**group)
    sagemaker.delete_model_package_group_policy(**group)
    version = sagemaker.create_model_package(**group, InferenceSpecification=specification)["ModelPackageArn"]
    model = {"ModelName": new_name("model"), "ExecutionRoleArn": ROLE}
    container = {"ModelPackageName": version}

    with pytest.raises(ClientError, match="is PendingManualApproval, not Approved"):
        sagemaker.create_model(**model, Containers=[container])
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    sagemaker.describe_model_package(ModelPackageName=version)
    sagemaker.batch_describe_model_package(ModelPackageArnList=[version, f"{version}0"])
    sagemaker.list_model_packages(**group)
    sagemaker.create_model(**model, Containers=[container])
    name = endpoints.in_service(endpoints.config(variant(model["ModelName"])))
    assert endpoints.invoke(name) == "from the registry"

    sagemaker.delete_model_package(ModelPackageName=version)
    sagemaker.delete_model_package_group(**group)
    # What was made of it goes on.
    assert endpoints.invoke(name) == "from the registry"
    sagemaker.describe_model(ModelName=model["ModelName"])
    sagemaker.list_models(MaxResults=100)
    sagemaker.delete_model(ModelName=model["ModelName"])


def walk_through_an_endpoint(endpoints: Endpoints) -> None:
    sagemaker = endpoints.client
    first, second = (endpoints.config(variant(endpoints.answering(answer))) for answer in ("one", "two"))
    name = endpoints.in_service(first)
    sagemaker.describe_endpoint_config(EndpointConfigName=first)
    sagemaker.list_endpoint_configs(MaxResults=100)
    sagemaker.list_endpoints(MaxResults=100)
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=second)
    endpoints.settled(name)
    assert endpoints.invoke(name) == "two"
    streamed = endpoints.runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=b"1")
    assert b"".join(event["PayloadPart"]["Bytes"] for event in streamed["Body"]) == b"two"
    weight = {"VariantName": "AllTraffic", "DesiredWeight": 2.0}
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=[weight])
    endpoints.settled(name)
    endpoints.delete(name)
    sagemaker.delete_endpoint_config(EndpointConfigName=first)


def walk_through_schedules(scheduler: Any) -> None:
    group, name = new_name("group"), new_name("schedule")
    arn = scheduler.create_schedule_group(Name=group, Tags=[{"Key": "team", "Value": "night"}])[
        "ScheduleGroupArn"
    ]
    queue_arn = f"arn:aws:sqs:us-east-1:000000000000:{new_name('queue')}"
    schedule = {
        **{"Name": name, "GroupName": group, "ScheduleExpression": "cron(0 0 1 1 ? 2199)"},
        **{"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": queue_arn, "RoleArn": ROLE}},
    }
    scheduler.create_schedule(**schedule)
    scheduler.update_schedule(**schedule, State="DISABLED", Description="once in a while")
    assert scheduler.get_schedule(Name=name, GroupName=group)["State"] == "DISABLED"
    assert len(scheduler.list_schedules(GroupName=group)["Schedules"]) == 1
    scheduler.delete_schedule(Name=name, GroupName=group)
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "other", "Value": "x"}])
    assert len(scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"]) == 2
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["other"])
    scheduler.get_schedule_group(Name=group)
    scheduler.list_schedule_groups(NamePrefix=group)
    scheduler.delete_schedule_group(Name=group)


def walk_through_functions(functions: Any) -> None:
    function = {"FunctionName": new_name("function")}
    program = "def handler(event, context):\n    return event\n"
    arn = functions.create_function(
        **function,
        Runtime="python3.13",
        Handler="app.handler",
        Role=ROLE,
        Code={"ZipFile": archive(program)},
    )["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(**function)
    functions.update_function_configuration(**function, Description="echo")
    functions.get_waiter("function_updated_v2").wait(**function)
    functions.update_function_code(**function, ZipFile=archive(program + "\n"))
    functions.get_waiter("function_updated_v2").wait(**function)
    assert json.load(functions.invoke(**function, Payload='{"a": 1}')["Payload"]) == {"a": 1}
    functions.get_function_configuration(**function)
    functions.list_functions()
    functions.list_versions_by_function(**function)
    functions.get_function_code_signing_config(**function)

    caller = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    functions.add_permission(**function, StatementId="rules", **caller)
    functions.get_policy(**function)
    functions.remove_permission(**function, StatementId="rules")
    functions.tag_resource(Resource=arn, Tags={"team": "a"})
    assert functions.list_tags(Resource=arn)["Tags"] == {"team": "a"}
    functions.untag_resource(Resource=arn, TagKeys=["team"])
    functions.put_function_concurrency(**function, ReservedConcurrentExecutions=1)
    functions.get_function_concurrency(**function)
    functions.delete_function_concurrency(**function)
    functions.delete_function(**function)


@pytest.mark.parametrize("through", ["the emulator", "LocalStack"])
def test_what_is_not_implemented_is_said_in_an_error_that_every_client_reads(
    emulator: Emulator, through: str
) -> None:
    sagemaker = (
        emulator.client("sagemaker") if through == "the emulator" else emulator.localstack.client("sagemaker")
    )

    with pytest.raises(ClientError) as refused:
        sagemaker.list_apps()

    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert "ListApps is not implemented" in refused.value.response["Error"]["Message"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_unsigned_request_that_is_no_json_is_refused_in_json(emulator: Emulator) -> None:
    request = urllib.request.Request(
        emulator.endpoint_url, b"<html>", {"x-amz-target": "SageMaker.CreateModel"}, method="POST"
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)

    with refused.value as answer:
        assert (answer.code, answer.headers["content-type"]) == (400, "application/x-amz-json-1.1")
        assert json.loads(answer.read())["__type"] == "SerializationException"


def test_accounts_do_not_see_each_other(emulator: Emulator) -> None:
    mine, theirs = (
        boto3.client(
            "sagemaker",
            endpoint_url=emulator.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=account,
            aws_secret_access_key="test",
        )
        for account in ("111111111111", "222222222222")
    )
    group = {"ModelPackageGroupName": new_name("group")}

    arns = [client.create_model_package_group(**group)["ModelPackageGroupArn"] for client in (mine, theirs)]

    assert [arn.split(":")[4] for arn in arns] == ["111111111111", "222222222222"]
    listed = mine.list_model_package_groups(NameContains=group["ModelPackageGroupName"])
    assert [one["ModelPackageGroupArn"] for one in listed["ModelPackageGroupSummaryList"]] == arns[:1]
