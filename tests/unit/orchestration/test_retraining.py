"""The function that decides is configured as it reads, and packed with what it imports."""

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

from orchestration.function import Function
from orchestration.handlers import retrain
from orchestration.handlers.labelled_rows import Sources
from orchestration.monitoring import Retraining, RetrainingLimits
from orchestration.retrain_function import forecast_retrain_function, retrain_function

RETRAINING = Retraining(cool_down="PT6H", per_day=4, look_back="P30D")


def function() -> Function:
    aws: Any = None
    return retrain_function(aws, "bank", RETRAINING)


def test_the_function_s_variables_are_what_it_reads() -> None:
    variables = function().variables
    settings, sources = retrain.Settings.from_environ(variables), Sources.from_environ(variables)

    assert settings.project == "bank"
    assert settings.pipeline_name == "slipway-bank-retraining"
    assert settings.limits == retrain.Limits(RETRAINING.cool_down_time, 4)
    assert sources.look_back == RETRAINING.look_back_time
    assert sources.windows_uri == "s3://slipway-bank/monitoring/windows"


def test_every_module_that_it_imports_is_in_its_archive() -> None:
    with zipfile.ZipFile(io.BytesIO(function().archive)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}

    imported = {
        f"{module.replace('.', '/')}.py"
        for text in texts.values()
        for module in re.findall(r"^from (orchestration\.\S+) import", text, re.MULTILINE)
    }
    assert imported
    assert imported <= set(texts)


def test_rows_that_come_by_themselves_need_no_look_back() -> None:
    aws: Any = None
    variables = forecast_retrain_function(
        aws, "retail", RetrainingLimits(cool_down="P1D", per_day=1)
    ).variables

    assert retrain.Settings.from_environ(variables).limits == retrain.Limits(timedelta(days=1), 1)
    assert variables["ACTUALS_URI"] == "s3://slipway-retail/actuals"
    # Of the two kinds of projects each function has what it reads, and no more.
    assert "LOOK_BACK_SECONDS" not in variables
