"""Endpoints that really serve: Docker says what runs, S3 what was captured, requests what is answered."""

import json
import re
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.containers import run_job, wait_until
from tests.support.emulator import Emulator
from tests.support.endpoints import Endpoints, capture_to, endpoints_of, new_name, variant
from tests.support.scripted_server import asked_to, scripted_server_image
from tests.support.train_xgb_data import TEST_CLIENTS, write_training_root


@pytest.fixture(scope="module")
def server_image(preprocess_image: str) -> Iterator[str]:
    with scripted_server_image(preprocess_image) as image:
        yield image


@pytest.fixture
def endpoints(emulator: Emulator, server_image: str) -> Iterator[Endpoints]:
    with endpoints_of(emulator, server_image) as found:
        yield found


# -- coming and going ---------------------------------------------------------


def test_every_instance_is_a_container_that_serves(endpoints: Endpoints) -> None:
    uri = endpoints.store_model({"weights.txt": b"7", "code/inference.txt": b"x"})
    model = endpoints.model(ModelDataUrl=uri, Environment={"K": "v"})

    name = endpoints.in_service(endpoints.config(variant(model, count=2)))

    containers = endpoints.containers(name)
    assert len(containers) == 2
    for container in containers.values():
        assert container.status == "running"
        # Developer guide, "Use Your Own Inference Code": docker run IMG serve, a model nobody can change.
        assert container.attrs["Config"]["Cmd"] == ["serve"]
        (mount,) = container.attrs["Mounts"]
        assert (mount["Type"], mount["Destination"], mount["RW"]) == ("volume", "/opt/ml/model", False)
    assert {endpoints.shown(name)["host"] for _ in range(4)} == set(containers)
    assert endpoints.shown(name)["model"]["weights.txt"] == "7"
    assert endpoints.shown(name)["environment"]["K"] == "v"


def test_nothing_is_left_of_a_deleted_endpoint(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"), count=2)))
    assert endpoints.containers(name)

    endpoints.delete(name)

    assert not endpoints.containers(name)
    left = endpoints.emulator.container.exec_run("ls /var/lib/slipway/jobs/endpoint").output.decode()
    assert name not in left
    with pytest.raises(ClientError, match=f"Endpoint {name} of account 000000000000 not found."):
        endpoints.invoke(name)


def test_an_endpoint_is_in_service_only_once_it_answers(endpoints: Endpoints) -> None:
    slow = endpoints.model(Environment={"STARTS_AFTER": "3", "ANSWER": "late"})

    name = endpoints.create(endpoints.config(variant(slow)))

    wait_until(lambda: endpoints.containers(name) or None, "the container to be there")
    wait_until(
        lambda: [c for c in endpoints.containers(name).values() if c.status == "running"] or None, "it to run"
    )
    assert endpoints.describe(name)["EndpointStatus"] == "Creating"
    with pytest.raises(ClientError, match="not found"):
        endpoints.invoke(name)
    assert endpoints.settled(name)["EndpointStatus"] == "InService"
    assert endpoints.invoke(name) == "late"


def test_a_container_that_ends_says_why_the_endpoint_failed(endpoints: Endpoints) -> None:
    model = endpoints.model(Environment={"EXIT": "3", "LAST_WORDS": "model.ubj is damaged"})

    described = endpoints.settled(name := endpoints.create(endpoints.config(variant(model))))

    assert described["EndpointStatus"] == "Failed"
    # AWS's words first, as public issue reports have them.
    assert described["FailureReason"].startswith(
        "The primary container for production variant AllTraffic did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )
    assert "exit code 3" in described["FailureReason"]
    assert "model.ubj is damaged" in described["FailureReason"]
    assert not endpoints.containers(name)


def test_what_containers_say_is_in_cloudwatch_once(endpoints: Endpoints) -> None:
    model = endpoints.model(Environment={"EXIT": "3", "LAST_WORDS": "model.ubj is damaged"})
    name = endpoints.create(endpoints.config(variant(model)))
    endpoints.settled(name)
    logs = endpoints.emulator.localstack.client("logs")

    def look() -> list[Any] | None:
        groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/sagemaker/Endpoints/{name}")
        if not groups["logGroups"]:
            return None
        return logs.filter_log_events(logGroupName=groups["logGroups"][0]["logGroupName"])["events"] or None

    (event,) = wait_until(look, "the line")
    assert event["message"] == "model.ubj is damaged"
    assert re.fullmatch(r"AllTraffic/i-[0-9a-f]{17}", event["logStreamName"])


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"image": "slipway-tests/nobody:1"}, "Please make sure all images included in the model"),
        ({"ModelDataUrl": "s3://slipway-tests-gone/model.tar.gz"}, "s3://slipway-tests-gone/model.tar.gz"),
    ],
)
def test_what_is_missing_is_named(endpoints: Endpoints, container: dict[str, Any], words: str) -> None:
    described = endpoints.settled(endpoints.create(endpoints.config(variant(endpoints.model(**container)))))

    assert described["EndpointStatus"] == "Failed"
    assert words in described["FailureReason"]


def test_a_real_model_answers_what_its_image_answers(
    endpoints: Endpoints, train_xgb_image: str, tmp_path: Path
) -> None:
    root = write_training_root(tmp_path / "ml", {"num_round": "5"})
    outcome = run_job(train_xgb_image, ["train"], root)
    assert outcome.exit_code == 0, outcome.stderr
    files = {file.name: file.read_bytes() for file in (root / "model").iterdir()}
    model = endpoints.model(train_xgb_image, ModelDataUrl=endpoints.store_model(files))

    name = endpoints.in_service(endpoints.config(variant(model)))

    rows = "".join(client.encoded_line() for client in TEST_CLIENTS[:20])
    answer = endpoints.invoke(name, rows.encode(), ContentType="text/csv", Accept="text/csv")
    # The image's README: `yes,0.87` a line.
    assert len(re.findall(r"^(yes|no),0\.\d+$", answer, re.MULTILINE)) == 20
    with pytest.raises(ClientError) as caught:
        endpoints.invoke(name, b"1,2\n", ContentType="text/csv")
    assert caught.value.response["OriginalStatusCode"] == 400
    assert "Row 1" in caught.value.response["OriginalMessage"]
    # The image's README: rows of another encoder are not answered.
    digest = sha256(files["encoder.json"]).hexdigest()
    own = {"ContentType": "text/csv", "Accept": "text/csv", "CustomAttributes": f"a=b;encoder={digest}"}
    assert endpoints.invoke(name, rows.encode(), **own) == answer
    with pytest.raises(ClientError) as caught:
        endpoints.invoke(name, rows.encode(), ContentType="text/csv", CustomAttributes="encoder=0123abcd")
    assert caught.value.response["OriginalStatusCode"] == 412
    assert f"0123abcd, this model's is {digest[:12]}…" in caught.value.response["OriginalMessage"]


def test_the_port_of_localstack_answers_as_well(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"))))
    runtime = endpoints.emulator.localstack.client("sagemaker-runtime")

    answer = runtime.invoke_endpoint(EndpointName=name, Body=bytes(range(256)), CustomAttributes="k=v")

    assert (answer["Body"].read(), answer["InvokedProductionVariant"]) == (b"one", "AllTraffic")
    assert (answer["ContentType"], answer["CustomAttributes"]) == ("text/csv; charset=utf-8", "seen:k=v")


def test_a_stream_arrives_while_the_model_still_speaks(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"))))

    answer = endpoints.runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=asked_to("drip"))
    events = iter(answer["Body"])

    assert next(events)["PayloadPart"]["Bytes"] == b"one"
    # The model waits for this before it goes on, so the first part came before there was a second.
    endpoints.invoke(name, asked_to("go on"))
    assert [event["PayloadPart"]["Bytes"] for event in events] == [b"two"]
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/plain", "AllTraffic")


# -- several containers -------------------------------------------------------


def several(endpoints: Endpoints, image: str, **more: Any) -> str:
    name = new_name("model")
    containers = [
        {"Image": image, "ContainerHostname": host, "Environment": {"ANSWER": answer}}
        for host, answer in (("first", "({body})"), ("second", "<{body}>"))
    ]
    endpoints.client.create_model(ModelName=name, Containers=containers, **more)
    return name


def test_containers_of_one_model_answer_in_turn(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(several(endpoints, endpoints.image))))

    assert endpoints.invoke(name, b"row") == "<(row)>"
    assert len(endpoints.containers(name)) == 2


def test_in_direct_mode_one_of_them_answers(endpoints: Endpoints) -> None:
    model = several(endpoints, endpoints.image, InferenceExecutionConfig={"Mode": "Direct"})
    name = endpoints.in_service(endpoints.config(variant(model)))

    assert endpoints.invoke(name, b"row", TargetContainerHostname="first") == "(row)"
    assert endpoints.invoke(name, b"row", TargetContainerHostname="second") == "<row>"


def test_an_image_that_does_not_share_its_port_is_refused_as_on_aws(
    endpoints: Endpoints, preprocess_image: str
) -> None:
    with scripted_server_image(preprocess_image, is_bindable=False) as image:
        name = endpoints.create(endpoints.config(variant(several(endpoints, image))))
        described = endpoints.settled(name)
        endpoints.delete(name)

    assert described["EndpointStatus"] == "Failed"
    assert "accept-bind-to-port=true" in described["FailureReason"]


# -- variants -----------------------------------------------------------------


def test_variants_get_their_shares_and_can_be_named(endpoints: Endpoints) -> None:
    config = endpoints.config(
        variant(endpoints.answering("a"), "A", InitialVariantWeight=3),
        variant(endpoints.answering("b"), "B", InitialVariantWeight=1),
    )
    name = endpoints.in_service(config)

    counted = Counter(endpoints.invoke(name) for _ in range(400))

    # Three to one: 300 expected, and five standard deviations are 43.
    assert 257 <= counted["a"] <= 343
    assert counted["a"] + counted["b"] == 400
    answer = endpoints.runtime.invoke_endpoint(EndpointName=name, Body=b"1", TargetVariant="B")
    assert (answer["Body"].read(), answer["InvokedProductionVariant"]) == (b"b", "B")
    with pytest.raises(ClientError, match="Variant C not found"):
        endpoints.invoke(name, TargetVariant="C")


def test_weights_and_counts_change_without_new_containers(endpoints: Endpoints) -> None:
    config = endpoints.config(variant(endpoints.answering("a"), "A"), variant(endpoints.answering("b"), "B"))
    name = endpoints.in_service(config)
    before = endpoints.ids(name)
    wishes = [
        {"VariantName": "A", "DesiredWeight": 0.0},
        {"VariantName": "B", "DesiredWeight": 1.0, "DesiredInstanceCount": 3},
    ]

    with endpoints.load(name):
        endpoints.client.update_endpoint_weights_and_capacities(
            EndpointName=name, DesiredWeightsAndCapacities=wishes
        )
        described = endpoints.settled(name)

    assert described["EndpointStatus"] == "InService"
    shown = {each["VariantName"]: each for each in described["ProductionVariants"]}
    assert (shown["A"]["CurrentWeight"], shown["B"]["CurrentInstanceCount"]) == (0.0, 3)
    assert {endpoints.invoke(name) for _ in range(20)} == {"b"}
    assert before < endpoints.ids(name)
    assert len(endpoints.ids(name)) == 4

    wishes = [{"VariantName": "B", "DesiredInstanceCount": 1}]
    with endpoints.load(name):
        endpoints.client.update_endpoint_weights_and_capacities(
            EndpointName=name, DesiredWeightsAndCapacities=wishes
        )
        endpoints.settled(name)
    assert endpoints.ids(name) == before


# -- changes under load -------------------------------------------------------


def test_an_update_fails_no_request(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"), count=2)))
    before = endpoints.ids(name)
    config = endpoints.config(variant(endpoints.answering("two"), "Blue", count=2))

    with ThreadPoolExecutor(1) as pool, endpoints.load(name) as answers:
        # Under way when the switch comes: the old container answers it to the end.
        long = pool.submit(endpoints.invoke, name, asked_to("sleep", seconds=4))
        endpoints.client.update_endpoint(EndpointName=name, EndpointConfigName=config)
        described = endpoints.settled(name)

    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == config
    assert long.result() == "slept"
    assert set(answers) == {"one", "two"}
    assert answers[-1] == "two"
    assert not before & endpoints.ids(name)
    assert len(endpoints.ids(name)) == 2


def test_a_bad_update_changes_nothing_and_says_why(endpoints: Endpoints) -> None:
    good = endpoints.config(variant(endpoints.answering("one")))
    name = endpoints.in_service(good)
    before = endpoints.ids(name)
    bad = endpoints.config(
        variant(endpoints.model(Environment={"EXIT": "4", "LAST_WORDS": "no such column: age"}))
    )

    with endpoints.load(name) as answers:
        endpoints.client.update_endpoint(EndpointName=name, EndpointConfigName=bad)
        described = endpoints.settled(name)

    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == good
    assert "no such column: age" in described["FailureReason"]
    assert set(answers) == {"one"}
    assert endpoints.ids(name) == before


# -- faults -------------------------------------------------------------------


def test_a_container_that_ends_is_started_again(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"))))
    (container,) = endpoints.containers(name).values()
    started_at = container.attrs["State"]["StartedAt"]

    with pytest.raises(ClientError) as caught:
        endpoints.invoke(name, asked_to("die"))

    assert caught.value.response["Error"]["Code"] == "ModelError"
    assert caught.value.response["OriginalStatusCode"] == 0
    wait_until(lambda: _answered(endpoints, name, "one"), "it to answer again")
    container.reload()
    assert container.attrs["State"]["StartedAt"] > started_at
    assert endpoints.describe(name)["EndpointStatus"] == "InService"


def test_what_ended_during_a_bad_update_serves_after_it(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"))))
    bad = endpoints.config(variant(endpoints.model(Environment={"STARTS_AFTER": "3", "EXIT": "4"})))
    endpoints.client.update_endpoint(EndpointName=name, EndpointConfigName=bad)
    wait_until(lambda: endpoints.containers(name).get("r2-v0-i0-c0"), "the new container")

    endpoints.containers(name)["r1-v0-i0-c0"].kill()

    assert endpoints.settled(name)["EndpointStatus"] == "InService"
    wait_until(lambda: _answered(endpoints, name, "one"), "it to answer again")


def test_with_two_instances_the_other_one_goes_on(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"), count=2)))
    with pytest.raises(ClientError):
        endpoints.invoke(name, asked_to("die"))

    assert {endpoints.invoke(name) for _ in range(50)} == {"one"}


def test_endpoints_outlive_the_emulator(endpoints: Endpoints) -> None:
    kept = endpoints.in_service(endpoints.config(variant(endpoints.answering("kept"))))
    hurt = endpoints.in_service(endpoints.config(variant(endpoints.answering("hurt"), count=2)))
    before = endpoints.ids(kept), endpoints.ids(hurt)

    endpoints.emulator.kill()
    endpoints.containers(hurt)["r1-v0-i0-c0"].kill()
    endpoints.emulator.restart()

    assert endpoints.invoke(kept) == "kept"
    assert endpoints.invoke(hurt) == "hurt"
    running = [c.status == "running" for c in endpoints.containers(hurt).values()]
    wait_until(
        lambda: all(c.status == "running" for c in endpoints.containers(hurt).values()) or None,
        f"both instances to run again, not {running}",
    )
    assert (endpoints.ids(kept), endpoints.ids(hurt)) == before


@pytest.mark.parametrize("is_update", [False, True])
def test_work_on_an_endpoint_goes_on_after_the_emulator_was_killed(
    endpoints: Endpoints, is_update: bool
) -> None:
    slow = endpoints.config(variant(endpoints.model(Environment={"STARTS_AFTER": "4", "ANSWER": "slow"})))
    if is_update:
        name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"))))
        endpoints.client.update_endpoint(EndpointName=name, EndpointConfigName=slow)
    else:
        name = endpoints.create(slow)
    revision = "r2" if is_update else "r1"
    wait_until(
        lambda: (
            [
                c
                for host, c in endpoints.containers(name).items()
                if host[:2] == revision and c.status == "running"
            ]
            or None
        ),
        "the new container to run",
    )

    endpoints.emulator.kill()
    endpoints.emulator.restart()

    if is_update:
        assert endpoints.invoke(name) in ("one", "slow")
    assert endpoints.settled(name)["EndpointStatus"] == "InService"
    assert endpoints.invoke(name) == "slow"
    assert list(endpoints.containers(name)) == [f"{revision}-v0-i0-c0"]


def test_a_reset_leaves_no_container(emulator_with: Callable[..., Emulator], server_image: str) -> None:
    emulator = emulator_with(SLIPWAY_ALLOW_RESET="1")
    endpoints = Endpoints(emulator, server_image)
    serving = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"))))
    coming = endpoints.create(endpoints.config(variant(endpoints.model(Environment={"STARTS_AFTER": "2"}))))
    wait_until(lambda: endpoints.containers(coming) or None, "the second endpoint's container")

    request = urllib.request.Request(f"{emulator.endpoint_url}/_slipway/reset", method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200

    wait_until(lambda: not emulator.job_containers() or None, "all containers to be gone")
    with pytest.raises(ClientError, match="not found"):
        endpoints.invoke(serving)


def test_slow_models_keep_nobody_else_waiting(endpoints: Endpoints) -> None:
    name = endpoints.in_service(endpoints.config(variant(endpoints.answering("one"))))
    # More than there are threads for everything that is not a model's answer.
    crowd = 80

    with ThreadPoolExecutor(crowd) as pool:
        slow = [pool.submit(endpoints.invoke, name, asked_to("sleep", seconds=8)) for _ in range(crowd)]
        wait_until(lambda: sum(each.running() for each in slow) == crowd or None, "all of them to be asked")
        described = endpoints.describe(name)
        assert not any(each.done() for each in slow)

    assert described["EndpointStatus"] == "InService"
    assert {each.result() for each in slow} == {"slept"}


# -- isolation ----------------------------------------------------------------


@pytest.mark.parametrize(("is_isolated", "outcome"), [(False, "connected"), (True, "Error")])
def test_an_isolated_container_answers_and_reaches_nobody(
    endpoints: Endpoints, is_isolated: bool, outcome: str
) -> None:
    model = new_name("model")
    endpoints.client.create_model(
        ModelName=model,
        PrimaryContainer={"Image": endpoints.image},
        EnableNetworkIsolation=is_isolated,
    )
    name = endpoints.in_service(endpoints.config(variant(model)))

    localstack = endpoints.emulator.localstack.container
    localstack.reload()
    address = localstack.attrs["NetworkSettings"]["Networks"][endpoints.emulator.network]["IPAddress"]

    assert outcome in endpoints.invoke(name, asked_to("connect", host=address, port=4566))


# -- data capture -------------------------------------------------------------


def test_captured_requests_are_in_s3_as_sagemaker_writes_them(endpoints: Endpoints) -> None:
    capture = capture_to(f"s3://{endpoints.emulator.bucket}/capture")
    config = endpoints.config(variant(endpoints.answering("0.91")), DataCaptureConfig=capture)
    name = endpoints.in_service(config)

    endpoints.invoke(name, b"1.0,2\n", ContentType="text/csv", InferenceId="order-77", CustomAttributes="k=v")

    stored = wait_until(lambda: endpoints.objects(f"capture/{name}/") or None, "the object")
    ((key, content),) = stored.items()
    assert re.fullmatch(
        rf"capture/{name}/AllTraffic/\d{{4}}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{{3}}-[0-9a-f-]{{36}}\.jsonl", key
    )
    record = json.loads(content)
    assert record["captureData"]["endpointInput"] == {
        "observedContentType": "text/csv",
        "mode": "INPUT",
        "data": "1.0,2\n",
        "encoding": "CSV",
    }
    assert record["captureData"]["endpointOutput"]["data"] == "0.91"
    assert record["eventMetadata"]["inferenceId"] == "order-77"
    assert (
        record["eventMetadata"]["inferenceTime"][:13]
        == "-".join(key.split("/")[3:6]) + "T" + key.split("/")[6]
    )


@pytest.mark.parametrize("is_clean", [True, False])
def test_nothing_captured_is_lost_with_the_emulator(endpoints: Endpoints, is_clean: bool) -> None:
    capture = capture_to(f"s3://{endpoints.emulator.bucket}/kept")
    config = endpoints.config(variant(endpoints.answering("0.91")), DataCaptureConfig=capture)
    name = endpoints.in_service(config)
    for number in range(50):
        endpoints.invoke(name, f"{number}".encode(), ContentType="text/csv")

    if is_clean:
        endpoints.emulator.container.stop()
        # Nobody is there any more who could store it later.
        lines = captured_inputs(endpoints, name)
        endpoints.emulator.restart()
    else:
        endpoints.emulator.kill()
        endpoints.emulator.restart()
        lines = wait_until(
            lambda: found if len(found := captured_inputs(endpoints, name)) >= 50 else None, "every line"
        )

    assert sorted(lines, key=int) == [str(number) for number in range(50)]


def captured_inputs(endpoints: Endpoints, name: str) -> list[str]:
    return [
        json.loads(line)["captureData"]["endpointInput"]["data"]
        for content in endpoints.objects(f"kept/{name}/").values()
        for line in content.splitlines()
    ]


def _answered(endpoints: Endpoints, name: str, answer: str) -> bool | None:
    try:
        return True if endpoints.invoke(name) == answer else None
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ServiceUnavailable", "ModelError"):
            return None
        raise
