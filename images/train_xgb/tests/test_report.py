import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from train_xgb.artefact import Model
from train_xgb.boosting import Part
from train_xgb.data import DataFile, Dataset
from train_xgb.metrics import Quality, binary_classification_metrics
from train_xgb.report import gain_shares, render_report


def rendered(model: Model, part: Part) -> str:
    labels = part.labels.astype(np.int8)
    quality = Quality(labels, model.probabilities(part.inputs), model.decision_threshold)
    test = Dataset(part.labels, part.inputs, (DataFile("test.csv", "cd" * 32, len(labels)),), "cd" * 32)
    block = binary_classification_metrics(quality, "no", "yes")
    return render_report(model, test, quality, block, "2026-01-02T03:04:05Z")


def test_the_page_needs_nothing_beside_it(model: Model, parts: list[Part]) -> None:
    page = rendered(model, parts[1])

    pictures = re.findall(r'<img alt="[^"]+" src="data:image/png;base64,iVBORw0KGgo', page)
    assert len(pictures) == 5
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "http" not in page


def test_the_page_says_what_was_measured(model: Model, parts: list[Part]) -> None:
    page = rendered(model, parts[1])

    for text in ("200 test rows", "2026-01-02T03:04:05Z", "job_student", "XGBoost", "abababab", "cdcdcdcd"):
        assert text in page


def test_names_are_shown_as_they_are(model: Model, parts: list[Part]) -> None:
    odd = replace(model, encoder=replace(model.encoder, positive="<b>$5^$", negative="$"))

    assert "&lt;b&gt;$5^$" in rendered(odd, parts[1])


def test_the_same_numbers_give_the_same_page(model: Model, parts: list[Part]) -> None:
    assert rendered(model, parts[1]) == rendered(model, parts[1])


def test_gain_is_shared_out_whole(model: Model, tmp_path: Path) -> None:
    shares = gain_shares(model)

    assert sum(share for _, share in shares) == 1.0 or abs(sum(share for _, share in shares) - 1) < 1e-9
    assert shares == sorted(shares, key=lambda item: -item[1])
