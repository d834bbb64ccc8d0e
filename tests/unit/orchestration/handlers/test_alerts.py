from orchestration.handlers.alerts import in_words

SAID = 'no ground truth found: "s3://b" holds none'
REASON = (
    "ClientError: the function arn:aws:lambda:us-east-1:000000000000:function:f failed: "
    r'{"errorMessage": "no ground truth found: \"s3://b\" holds none", "errorType": "E", "stackTrace": ["'
)


def test_of_a_function_that_failed_its_own_message_is_told() -> None:
    assert in_words(REASON + ' ..."]}') == SAID


def test_its_message_is_found_where_the_reason_was_cut_off() -> None:
    assert in_words(REASON) == SAID


def test_another_reason_stays_as_it_is() -> None:
    assert in_words("Job inputs had no data: nothing was captured") == (
        "Job inputs had no data: nothing was captured"
    )
