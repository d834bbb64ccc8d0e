"""What every part of project.yaml is: read once, never changed, and without a key that nobody reads."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

# SageMaker Feature Store's rule for feature names (API reference, FeatureName).
FEATURE_NAME = re.compile(r"^[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}$")

Text = Annotated[StrictStr, Field(min_length=1)]
Number = StrictInt | StrictFloat


def _legal(name: str) -> str:
    if not FEATURE_NAME.match(name):
        raise ValueError(
            f"'{name}' is not a legal SageMaker feature name; use letters, digits, _ and -, 64 at most, "
            "beginning and ending with a letter or digit"
        )
    return name


FeatureName = Annotated[StrictStr, Field(min_length=1), AfterValidator(_legal)]


class ProjectModel(BaseModel):
    """Read once, never changed; a key that nobody reads is a mistake and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
