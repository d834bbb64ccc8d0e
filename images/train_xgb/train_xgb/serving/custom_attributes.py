"""InvokeEndpoint's CustomAttributes: by which encoder a caller's rows were encoded."""

import re

from train_xgb.errors import AnotherEncoderError

HEADER = "X-Amzn-SageMaker-Custom-Attributes"
_ENCODER = "encoder"


def check_encoder(custom_attributes: str, digest: str) -> None:
    """Raise AnotherEncoderError where the rows are said to be of an encoder other than `digest`'s.

    Numbers that another encoder scaled look like any others, and would be
    answered wrongly. Attributes are separated by commas or semicolons; those of
    other names are the caller's own.
    """
    for attribute in re.split("[,;]", custom_attributes):
        name, _, value = attribute.partition("=")
        if name.strip() == _ENCODER and value.strip().lower() != digest:
            raise AnotherEncoderError(value.strip(), digest)
