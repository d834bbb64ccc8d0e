"""InvokeEndpoint's CustomAttributes: whose encoder rows had, what contributions are of."""

import hashlib
import re
from collections.abc import Sequence

from train_xgb.errors import AnotherEncoderError

HEADER = "X-Amzn-SageMaker-Custom-Attributes"
_ENCODER = "encoder"
_CONTRIBUTIONS = "contributions"


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


def contributions_of(names: Sequence[str]) -> tuple[str, str]:
    """The header of an answer with contributions: the sha256, in hex, of their names, one a line.

    CSV has no place for names, and the components of a model may be as many as
    its features.
    """
    return HEADER, f"{_CONTRIBUTIONS}={hashlib.sha256(chr(10).join(names).encode()).hexdigest()}"
