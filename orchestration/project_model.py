"""What every part of project.yaml is: read once, never changed, and without a key that nobody reads."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictStr

Text = Annotated[StrictStr, Field(min_length=1)]


class ProjectModel(BaseModel):
    """Read once, never changed; a key that nobody reads is a mistake and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
