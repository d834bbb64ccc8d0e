import pytest
from smcontract.failure import ContractError
from smcontract.hosting import HostingSettings


def test_without_variables_it_serves_requests_on_port_8080() -> None:
    # Port 8080: developer guide, "Use Your Own Inference Code with Hosting Services".
    assert HostingSettings.from_environ({}) == HostingSettings(
        bind_port=8080, batch=False, max_payload_mb=None
    )


def test_a_pipeline_of_containers_gives_each_its_port() -> None:
    assert HostingSettings.from_environ({"SAGEMAKER_BIND_TO_PORT": "15000"}).bind_port == 15000


@pytest.mark.parametrize("text", ["true", "True"])
def test_the_service_and_the_sdks_local_mode_write_batch_differently(text: str) -> None:
    assert HostingSettings.from_environ({"SAGEMAKER_BATCH": text}).batch


@pytest.mark.parametrize("text", ["", "false", "1"])
def test_anything_else_is_no_batch_transform(text: str) -> None:
    assert not HostingSettings.from_environ({"SAGEMAKER_BATCH": text}).batch


# API CreateTransformJob: MaxPayloadInMB is 0 (no limit, chunked) to 100.
@pytest.mark.parametrize(("text", "limit"), [("0", 0), ("6", 6), ("100", 100)])
def test_the_callers_payload_limit_is_kept(text: str, limit: int) -> None:
    assert HostingSettings.from_environ({"SAGEMAKER_MAX_PAYLOAD_IN_MB": text}).max_payload_mb == limit


def test_empty_variables_count_as_unset() -> None:
    variables = {"SAGEMAKER_BIND_TO_PORT": "", "SAGEMAKER_MAX_PAYLOAD_IN_MB": ""}

    assert HostingSettings.from_environ(variables) == HostingSettings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SAGEMAKER_BIND_TO_PORT", "http"),
        ("SAGEMAKER_BIND_TO_PORT", "0"),
        ("SAGEMAKER_BIND_TO_PORT", "65536"),
        ("SAGEMAKER_BIND_TO_PORT", "-1"),
        ("SAGEMAKER_BIND_TO_PORT", "٨"),
        ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "6.5"),
        ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "101"),
    ],
)
def test_a_number_that_is_none_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ContractError, match=f"{name}={text!r} is not a whole number from"):
        HostingSettings.from_environ({name: text})
