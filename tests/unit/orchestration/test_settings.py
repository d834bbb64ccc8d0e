import os

from orchestration.settings import Settings


def test_an_empty_environment_means_the_local_stack() -> None:
    settings = Settings.from_environ({})

    assert settings.endpoint_url == "http://localhost:4566"
    assert settings.region == "us-east-1"
    assert settings.data is None
    assert settings.csv_of("bank") is None
    assert settings.image_of("train_xgb") is None


def test_an_empty_DATA_counts_as_unset() -> None:  # noqa: N802
    # make exports DATA= when nobody gave one.
    assert Settings.from_environ({"DATA": ""}).data is None


def test_project_data_is_found_under_the_projects_own_variable() -> None:
    settings = Settings.from_environ({"SLIPWAY_MY_BANK_CSV": "/rows.csv", "SLIPWAY_BANK_CSV": ""})

    assert settings.csv_of("my-bank") == ("SLIPWAY_MY_BANK_CSV", "/rows.csv")
    assert settings.csv_of("bank") is None


def test_an_image_can_be_named() -> None:
    settings = Settings.from_environ({"SLIPWAY_IMAGE_TRAIN_XGB": "mine:1"})

    assert settings.image_of("train_xgb") == "mine:1"
    assert settings.image_of("preprocess") is None


def test_the_sdk_is_kept_from_asking_iam_and_from_reading_a_machines_defaults() -> None:
    variables = Settings.from_environ({"AWS_DEFAULT_REGION": "eu-west-1"}).for_sdk()

    assert variables["SAGEMAKER_VALIDATE_ROLE"] == "false"
    assert variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert variables["SAGEMAKER_USER_CONFIG_OVERRIDE"] == os.devnull
