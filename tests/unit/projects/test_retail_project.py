from pathlib import Path

import pytest
from botocore.loaders import Loader

from orchestration.forecasting_project import ForecastingProject
from orchestration.project_file import load_project
from projects.retail import generate

RETAIL = load_project("retail")
assert isinstance(RETAIL, ForecastingProject)


def test_its_columns_are_those_of_the_rows_that_it_makes() -> None:
    assert isinstance(RETAIL, ForecastingProject)
    names = {RETAIL.timestamp.name, RETAIL.target.name, *RETAIL.static, *RETAIL.item_id}

    assert names | {feature.name for feature in RETAIL.known} == set(generate.COLUMNS)


def test_every_store_has_its_place_on_the_map() -> None:
    assert isinstance(RETAIL, ForecastingProject)
    assert RETAIL.places is not None
    located = {name: (at.latitude, at.longitude) for name, at in RETAIL.places.locations.items()}

    assert located == {name: (store.latitude, store.longitude) for name, store in generate.STORES.items()}
    assert RETAIL.places.radius_meters == generate.RADIUS_METERS


@pytest.mark.parametrize(
    ("instance_type", "shape"),
    [
        (RETAIL.instance_types.processing, "ProcessingInstanceType"),
        (RETAIL.instance_types.training, "TrainingInstanceType"),
        (RETAIL.instance_types.endpoint, "ProductionVariantInstanceType"),
    ],
)
def test_instance_types_exist(instance_type: str, shape: str) -> None:
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]

    assert instance_type in shapes[shape]["enum"]


def test_what_a_run_makes_is_two_years_of_days(tmp_path: Path) -> None:
    generate.write_rows(tmp_path / "rows.csv", generate.ROWS, 0)

    lines = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert min(line.partition(";")[0] for line in lines) <= "2024-01-29"
