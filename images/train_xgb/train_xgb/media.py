"""Content types: which a request has, which its answer gets."""

from dataclasses import dataclass

from train_xgb.errors import NotAcceptableError, UnsupportedMediaTypeError

CSV = "text/csv"
JSON = "application/json"
JSON_LINES = "application/jsonlines"
MEDIA_TYPES = (CSV, JSON, JSON_LINES)


def request_media_type(content_type: str | None) -> str:
    """The format of a request's body.

    Parameters are tolerated; a charset other than UTF-8 is not.
    Raises UnsupportedMediaTypeError.
    """
    media_type, _, parameters = (content_type or "").partition(";")
    media_type = media_type.strip().lower()
    if media_type not in MEDIA_TYPES:
        what = (
            f"Content-Type '{media_type}' is not read here"
            if media_type
            else "The request has no Content-Type"
        )
        raise UnsupportedMediaTypeError(f"{what}; use {', '.join(MEDIA_TYPES)}.")
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaTypeError(f"charset {value.strip()} is not read here; send UTF-8.")
    return media_type


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a caller takes: a format, and whether contributions are asked for with it."""

    media_type: str
    contributions: bool = False


def accepted(accept: str | None, preferred: str) -> Accepted:
    """The format of the answer: the best of `accept` that can be written.

    `preferred` is used where the caller leaves it open, with `*/*`, a range
    such as `text/*` that includes it, or no Accept at all. The parameter
    `contributions=true` asks for contributions.
    Raises NotAcceptableError.
    """
    if not accept or not accept.strip():
        return Accepted(preferred)
    choices = sorted(_choices(accept), key=lambda choice: -choice.quality)
    for choice in choices:
        if choice.quality <= 0:
            continue
        for media_type in (preferred, *MEDIA_TYPES):
            if _matches(choice.pattern, media_type):
                return Accepted(media_type, choice.contributions)
    raise NotAcceptableError(f"Accept '{accept[:100]}' is not written here; use {', '.join(MEDIA_TYPES)}.")


@dataclass(frozen=True, slots=True)
class _Choice:
    pattern: str
    quality: float
    contributions: bool


def _choices(accept: str) -> list[_Choice]:
    choices = []
    for part in accept.split(","):
        pattern, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        contributions = False
        for parameter in parameters:
            name, _, value = (piece.strip() for piece in parameter.partition("="))
            if name == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
            elif name == "contributions":
                contributions = value.strip('"') == "true"
        choices.append(_Choice(pattern, quality, contributions))
    return choices


def _matches(pattern: str, media_type: str) -> bool:
    if pattern in ("*/*", media_type):
        return True
    return pattern.endswith("/*") and media_type.startswith(pattern[:-1])
