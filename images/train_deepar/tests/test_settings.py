import os
from pathlib import Path

import pytest
from smcontract.failure import ContractError
from train_deepar.configuration import Configuration
from train_deepar.serving.settings import ServingSettings, usable_cores


def test_what_the_environment_leaves_open_is_sagemakers_own() -> None:
    settings = ServingSettings.from_environ({})

    assert (settings.port, settings.workers, settings.media_type) == (8080, usable_cores(), None)
    assert settings.limits.body_bytes == 6 * 1024 * 1024
    assert settings.configuration == Configuration()


def test_the_environment_decides() -> None:
    settings = ServingSettings.from_environ(
        {
            "SAGEMAKER_BIND_TO_PORT": "9001",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "3",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": "20",
            "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/jsonlines",
            "DEEPAR_INFERENCE_CONFIG": '{"num_samples": 5}',
        }
    )

    assert (settings.port, settings.workers, settings.media_type) == (9001, 3, "application/jsonlines")
    assert settings.limits.body_bytes == 20 * 1024 * 1024
    assert settings.configuration == Configuration(num_samples=5)


def test_streaming_is_allowed_the_largest_body() -> None:
    assert (
        ServingSettings.from_environ({"SAGEMAKER_MAX_PAYLOAD_IN_MB": "0"}).limits.body_bytes == 100 * 1024**2
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("SAGEMAKER_MODEL_SERVER_WORKERS", value) for value in ("0", "two", "-1", "1000", "1.5")),
        ("SAGEMAKER_BIND_TO_PORT", "http"),
        ("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv"),
        ("DEEPAR_INFERENCE_CONFIG", '{"mode": 1}'),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ContractError, match=name):
        ServingSettings.from_environ({name: value})


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", None), ("50000 100000", 1), ("100000 100000", 1), ("99999900000 100000", None)],
)
def test_a_quota_of_processor_time_bounds_the_number_of_workers(
    tmp_path: Path, quota: str, cores: int | None
) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota + "\n")

    assert usable_cores(file) == (cores or len(os.sched_getaffinity(0)))
    assert usable_cores(tmp_path / "none") == len(os.sched_getaffinity(0))
