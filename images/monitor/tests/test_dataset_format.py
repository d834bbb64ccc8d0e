"""What `dataset_format` may say."""

import pytest
from monitor.dataset_format import (
    CaptureFormat,
    CsvFormat,
    DatasetFormat,
    JsonLinesFormat,
    ParquetFormat,
    parse_dataset_format,
)
from smcontract.failure import ContractError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"csv": {"header": true}}', CsvFormat(header=True)),
        ('{"csv": {"header": false, "output_columns_position": "START"}}', CsvFormat(header=False)),
        ('{"json": {"lines": true}}', JsonLinesFormat()),
        ('{"json": {"line": true}}', JsonLinesFormat()),
        ('{"parquet": {}}', ParquetFormat()),
        ('{"sagemakerCaptureJson": {}}', CaptureFormat(("endpointInput",))),
        (
            '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}',
            CaptureFormat(("endpointOutput", "endpointInput")),
        ),
        (
            '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"],'
            ' "output_columns_position": "END"}}',
            CaptureFormat(("endpointInput", "endpointOutput")),
        ),
        ('{"sagemakerMergeJson": {}}', CaptureFormat(("endpointOutput",), is_merged=True)),
        (
            '{"sagemakerMergeJson": {"captureIndexNames": ["endpointInput"]}}',
            CaptureFormat(("endpointInput",), is_merged=True),
        ),
    ],
)
def test_a_format_is_what_the_contract_calls_it(text: str, expected: DatasetFormat) -> None:
    assert parse_dataset_format(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("csv", "not valid JSON"),
        ("[]", "one key"),
        ('{"csv": {}, "json": {}}', "one key"),
        ('{"avro": {}}', "'avro' is unknown"),
        ('{"csv": {"header": "yes"}}', "csv.header must be true or false"),
        ('{"json": {"lines": false}}', "not one object a line is not implemented"),
        ('{"sagemakerMergeJson": {"captureIndexNames": [{}]}}', "sagemakerMergeJson.captureIndexNames must"),
        ('{"sagemakerCaptureJson": {"captureIndexNames": ["groundTruth"]}}', "captureIndexNames"),
        (
            '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"],'
            ' "output_columns_position": "LEFT"}}',
            "START or END",
        ),
    ],
)
def test_another_format_is_refused_with_its_name(text: str, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        parse_dataset_format(text)
