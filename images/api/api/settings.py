"""What the environment says: the only reader of the API_* variables."""

from collections.abc import Mapping

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from api.errors import SettingsError

PREFIX = "API_"


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Every variable by its name without API_, in lower case; durations in seconds."""

    projects: str = Field(min_length=1)
    keys: str = ""
    keys_file: str = ""
    host: str = "0.0.0.0"
    port: int = Field(default=8000, ge=1, le=65535)
    page: bool = True
    cors_origins: tuple[str, ...] = ()
    max_concurrency: int = Field(default=64, ge=1)
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1)
    body_seconds: float = Field(default=10, gt=0)
    request_seconds: float = Field(default=30, gt=0)
    rate_per_second: float = Field(default=100, gt=0)
    rate_burst: int = Field(default=200, ge=1)
    invoke_seconds: float = Field(default=20, gt=0)
    lookup_seconds: float = Field(default=2, gt=0)
    model_seconds: float = Field(default=2, gt=0)
    breaker_failures: int = Field(default=5, ge=1)
    breaker_seconds: float = Field(default=10, gt=0)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> "Settings":
        if bool(self.keys) == bool(self.keys_file):
            raise ValueError("give API_KEYS_FILE (a JSON file) or API_KEYS (its content), one of them")
        return self

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings in `environ`. Raises SettingsError with everything that is wrong."""
        given = {name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if _ours(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            # Not the values: API_KEYS is among them.
            said = (_sentence(each["loc"], each["msg"]) for each in error.errors(include_input=False))
            raise SettingsError("; ".join(said)) from None


def _ours(name: str) -> bool:
    return name.startswith(PREFIX) and name != PREFIX


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{PREFIX}{str(location[0]).upper()}: {text}" if location else text
