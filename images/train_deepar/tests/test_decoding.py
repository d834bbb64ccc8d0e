import json

import pytest
from train_deepar.configuration import Configuration
from train_deepar.decoding import decode
from train_deepar.errors import BadInstanceError, BadRequestError
from train_deepar.media import JSON, JSON_LINES

DEFAULTS = Configuration(seed=9)


def test_json_holds_instances_and_what_is_asked_of_them() -> None:
    asked = decode(
        JSON, b'{"instances": [{"item_id": "a"}, 3], "configuration": {"num_samples": 5}}', DEFAULTS
    )

    assert asked.instances == [{"item_id": "a"}, 3]
    assert asked.configuration == Configuration(num_samples=5, seed=9)


def test_json_lines_hold_an_instance_each_and_are_told_the_defaults() -> None:
    # U+2028 ends a line to some, and not in JSON Lines.
    body = '\ufeff{"item_id": "a\u2028b"}\r\n\n{"item_id": "c"}'.encode()

    asked = decode(JSON_LINES, body, DEFAULTS)

    assert asked.instances == [{"item_id": "a\u2028b"}, {"item_id": "c"}]
    assert asked.configuration == DEFAULTS


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "The body is empty"),
        (b"\xff", "The body is not UTF-8"),
        (b"{", "The body is not valid JSON"),
        (b"[1]", 'The body is not an object with "instances"'),
        (b"{}", 'The body is not an object with "instances"'),
        (b'{"instances": {}}', "instances is not a list of at least one instance"),
        (b'{"instances": []}', "instances is not a list of at least one instance"),
        (
            b'{"instances": [1], "config": {}}',
            'unknown keys: "config"; there are instances and configuration',
        ),
        (b'{"instances": [NaN]}', "NaN is not a JSON number; write null"),
        (b'{"instances": [-Infinity]}', "-Infinity is not a JSON number"),
        (b'{"instances": [1], "configuration": 3}', "configuration is not a JSON object"),
        (b'{"instances": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"instances": [' + b"9" * 5000 + b"]}", "The body is not valid JSON"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        decode(JSON, body, DEFAULTS)

    assert reason in str(refused.value)


@pytest.mark.parametrize("line", ['{"item_id": "a"', '{"target": [NaN]}', "[" * 100_000])
def test_a_line_that_is_no_json_is_refused_by_its_number(line: str) -> None:
    body = (json.dumps({"item_id": "a"}) + "\n" + line).encode()

    with pytest.raises(BadInstanceError, match=r"^Instance 2: ") as refused:
        decode(JSON_LINES, body, DEFAULTS)

    assert refused.value.as_document()["instance"] == 2
