import logging
from collections.abc import Iterator

import pytest
from localstack import config
from slipway_localstack.log_filters import CALL_CHAIN, POINTLESS, leave_out_noise

Line = tuple[str, str, tuple[object, ...]]

NOISE: list[Line] = [
    (
        "localstack.aws.protocol.serializer",
        "Response object %s contains a member which is not specified: %s",
        ("CreateSecretResponse", "ResponseMetadata"),
    ),
    (
        "localstack.services.cloudformation.v2.provider",
        "You have opted in to the new CloudFormation deployment engine. Try %s",
        ("the other",),
    ),
    (
        "localstack.services.events.provider",
        '{"InfoCode": "InternalInfoEvents at process_rules", "InfoMessage": "No rules attached"}',
        (),
    ),
    ("localstack.utils.bootstrap", 'Execution of "%s" took %.2fms', ("require", 618.02)),
    (CALL_CHAIN, "exception during call chain: %s", (NotImplementedError(),)),
]
NEWS: list[Line] = [
    ("localstack.aws.protocol.serializer", "Unable to serialize %s", ("x",)),
    ("localstack.services.events.provider", '{"ErrorCode": "TargetDeliveryFailure"}', ()),
    (CALL_CHAIN, "exception during call chain: %s", (ValueError("a bug"),)),
    ("localstack.request.aws", "AWS %s.%s => %d", ("s3", "PutObject", 200)),
]


@pytest.fixture(autouse=True)
def _filters_are_taken_away() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in (*POINTLESS, CALL_CHAIN)]
    before = [list(logger.filters) for logger in loggers]
    yield
    for logger, filters in zip(loggers, before, strict=True):
        logger.filters = filters


def logged(lines: list[Line], caplog: pytest.LogCaptureFixture) -> list[str]:
    with caplog.at_level(logging.INFO):
        for name, message, arguments in lines:
            logging.getLogger(name).error(message, *arguments)
    return [record.name for record in caplog.records]


def test_what_nobody_can_act_on_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    leave_out_noise()

    assert logged(NOISE, caplog) == []


def test_everything_else_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    leave_out_noise()

    assert logged(NEWS, caplog) == [name for name, _, _ in NEWS]


def test_debugging_shows_everything(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(config, "DEBUG", True)

    leave_out_noise()

    assert logged(NOISE, caplog) == [name for name, _, _ in NOISE]
