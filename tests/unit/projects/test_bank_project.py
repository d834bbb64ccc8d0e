from pathlib import Path

import pytest
from botocore.loaders import Loader

from orchestration.download import canonical_digest
from orchestration.project_file import load_tabular
from orchestration.schema import schema_document
from orchestration.tabular_project import CategoricalFeature, NumericFeature

BANK = load_tabular("bank")


def test_the_features_are_those_of_the_study() -> None:
    categorical = [f.name for f in BANK.used_features if isinstance(f, CategoricalFeature)]
    numeric = [f.name for f in BANK.used_features if isinstance(f, NumericFeature)]

    # The design's bank project: 8 categorical and 6 numeric features.
    assert categorical == ["job", "marital", "education", "default", "housing", "loan", "contact", "month"]
    assert numeric == ["age", "balance", "day", "duration", "campaign", "previous"]


def test_poutcome_and_pdays_are_there_and_unused() -> None:
    assert {f.name for f in BANK.features if not f.use} == {"poutcome", "pdays"}


def test_every_combination_of_categories_can_be_encoded() -> None:
    categories = [len(f.categories) for f in BANK.used_features if isinstance(f, CategoricalFeature)]

    combinations = 1
    for count in categories:
        combinations *= count
    # 12·3·4·2·2·2·3·12, the feature group's size in the design.
    assert combinations == 41_472
    assert sum(categories) == 40


def test_encoded_columns_are_forty_six() -> None:
    schema = schema_document(BANK)

    assert sum(len(feature.get("categories", [None])) for feature in schema["features"]) == 46


@pytest.mark.parametrize(
    ("instance_type", "shape"),
    [
        (BANK.instance_types.processing, "ProcessingInstanceType"),
        (BANK.instance_types.training, "TrainingInstanceType"),
        (BANK.instance_types.endpoint, "ProductionVariantInstanceType"),
    ],
)
def test_instance_types_exist(instance_type: str, shape: str) -> None:
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]

    assert instance_type in shapes[shape]["enum"]


def test_the_real_file_is_the_one_that_a_download_is_checked_against(bank_csv: Path) -> None:
    assert BANK.data is not None
    assert canonical_digest(bank_csv.read_bytes()) == (BANK.data.rows, BANK.data.canonical_sha256)
